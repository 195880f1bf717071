// SPDX-License-Identifier: BSD-3-Clause
// Captures whose output is watched, or fails.
#pragma once

#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/pcapng_file.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {

class WritingTest : public ToolTest {
 protected:
  void expect_error(const std::vector<std::string>& arguments, const std::string& words) const {
    const ProcessResult result = run(tool(arguments));
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, ::testing::HasSubstr(words));
    EXPECT_TRUE(hook_is_empty());
  }
  // A capture into which strace injects errors and signals. LeakSanitizer would be a second tracer.
  [[nodiscard]] std::vector<std::string> with_strace(
      const std::string& what, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> command = {
        "strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
        "-e",     what};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {XDPCAP_CPP, hook_path_, file_});
    return command;
  }
  // Whole, and with the statistics of all actions.
  static bool is_complete(const std::string& path) {
    const auto file = read_growing_pcapng(path);
    return file && file->statistics.size() == 5;
  }
  // By everything that reads such files.
  static void expect_readable(const std::string& path, std::uint64_t packets) {
    EXPECT_EQ(read_pcapng(path).packets, packets);
    EXPECT_EQ(read_bytes(path).size(), packets);
    EXPECT_EQ(read_with_tshark(path).size(), packets);
    EXPECT_EQ(capinfos(path, "Strict time order"), "True");
  }
};

}  // namespace xdpcap::test
