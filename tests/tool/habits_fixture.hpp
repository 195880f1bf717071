// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of tcpdump- and dumpcap-compatible options: programs that the tool runs, and
// their output.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "support/pcapng_file.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

class HabitsTest : public ToolTest {
 protected:
  // A program of that name, in a folder of its own, and the environment that finds it first.
  [[nodiscard]] std::string make_program(const std::string& name, const std::string& script) const {
    std::filesystem::create_directories(scripts_.path("bin"));
    const std::string path = scripts_.path("bin/" + name);
    std::ofstream(path) << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  [[nodiscard]] std::vector<std::string> tool_with_programs(
      const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"env",
                                        "PATH=" + scripts_.path("bin") + ":" + std::getenv("PATH")};
    for (const std::string& word : tool(arguments)) command.push_back(word);
    return command;
  }

  // Decompresses with the program of that name; it has to find nothing wrong.
  [[nodiscard]] PcapngFile decompressed(const std::string& program, const std::string& path) const {
    const ProcessResult result = run({program, "-d", "-c", path});
    EXPECT_EQ(result.exit_code, 0) << path << ": " << result.err;
    const std::string plain = scripts_.path("plain");
    std::ofstream(plain, std::ios::binary) << result.out;
    return read_pcapng(plain);
  }

  [[nodiscard]] bool wait_until_filled() const {
    return eventually([this] { return hook_is_filled(); });
  }

  TemporaryFolder scripts_;
};

}  // namespace xdpcap::test
