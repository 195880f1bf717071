// SPDX-License-Identifier: BSD-3-Clause
// Shared by the tests of captures that are killed.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "support/pcapng_file.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {

inline std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line, '\0');
  return line;
}

class GuardianTest : public ToolTest {
 protected:
  // The processes that ps shows as the guardians of our hook.
  [[nodiscard]] std::vector<pid_t> guardians() const {
    std::vector<pid_t> found;
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      const auto pid = parse_number<pid_t>(process.path().filename().native());
      if (pid &&
          first_line(process.path() / "cmdline") == "xdpcap-cpp: guardian of " + hook_path_) {
        found.push_back(*pid);
      }
    }
    return found;
  }

  // It sets its title last, while the capture begins.
  [[nodiscard]] pid_t guardian() const {
    EXPECT_TRUE(eventually([&] { return guardians().size() == 1; }));
    return guardians().at(0);
  }

  // Waits until the guardian has ended.
  void expect_clean() const {
    EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
    EXPECT_TRUE(eventually([&] { return guardians().empty(); }));
  }

  static void expect_exact_accounts(const PcapngFile& file) {
    const auto total = file.total();
    EXPECT_THAT(file.statistics, ::testing::SizeIs(5));
    EXPECT_EQ(total.delivered, file.packets);
    EXPECT_EQ(total.accepted, file.packets + total.dropped);
  }
};

}  // namespace xdpcap::test
