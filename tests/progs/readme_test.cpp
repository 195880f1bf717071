// SPDX-License-Identifier: BSD-3-Clause
// The commands of the examples' READMEs, word for word, as a new user runs them: from the root of
// the repository, in one shell. What the README says one sees has to be there. The lab has an id of
// its own and bpffs is a private one, so that nobody's hooks are in the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "progs/command.hpp"

namespace xdpcap::test {
namespace {

struct Readme {
  std::string commands;            // of its sh blocks
  std::vector<std::string> shown;  // the lines of blocks without a language, but for drawings
};

Readme read_readme(const std::string& program) {
  Readme readme;
  std::ifstream file("bpf/progs/" + program + "/README.md");
  std::string fence;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      fence = fence.empty() ? line : "";
    } else if (fence == "```sh") {
      readme.commands += line + "\n";
    } else if (fence == "```" && line != "..." && !line.starts_with(" ")) {
      readme.shown.push_back(line);
    }
  }
  return readme;
}

// The line with every number open, and the names of a lab with this id.
std::regex pattern_of(std::string line, const std::string& id) {
  if (const auto at = line.find("lab-"); at != std::string::npos) line.replace(at, 3, id);
  static const std::regex kSpecial(R"([.^$|()\[\]{}*+?\\])");
  static const std::regex kNumber(R"([0-9]+)");
  std::string pattern = std::regex_replace(line, kSpecial, R"(\$&)");
  if (line.starts_with("0000")) return std::regex(line.substr(0, 8) + "  .*");  // a hex dump
  return std::regex(std::regex_replace(pattern, kNumber, "[0-9]+"));
}

class ReadmeTest : public testing::TestWithParam<const char*> {};

TEST_P(ReadmeTest, CommandsShowWhatItSays) {
  const Readme readme = read_readme(GetParam());
  ASSERT_NE(readme.commands, "");
  const std::string id = "readme" + std::to_string(getpid());
  // With job control, for `kill %1`; the jobs' ends are waited for, so that their last words count.
  const std::string script = "set -m\nmount -t bpf bpf /sys/fs/bpf\n" + readme.commands +
                             "\nwait\nls /sys/fs/bpf\ntests/lab status";
  const Output output =
      output_of({"env", "LAB_ID=" + id, "unshare", "--mount", "bash", "-c", script});
  for (const std::string& line : readme.shown) {
    EXPECT_TRUE(std::regex_search(output.text, pattern_of(line, id))) << line << "\nis not in:\n"
                                                                      << output.text;
  }
  EXPECT_THAT(output.text, testing::Not(testing::HasSubstr("\nxdpcap\n"))) << "a pin is left";
  EXPECT_EQ(output.exit_code, 3) << "a lab is left behind";
  EXPECT_THAT(output.text, testing::EndsWith("lab: no lab is up as " + id + "\n"));
  output_of({"tests/lab", "--id", id, "down"});
}

INSTANTIATE_TEST_SUITE_P(Programs, ReadmeTest,
                         testing::Values("xdp_pass", "packet_counter", "icmp_even_drop", "xdp_dump",
                                         "basic_firewall", "redirect_map", "srv6_end",
                                         "payload_cutter", "chain", "encap"),
                         [](const auto& program) { return std::string(program.param); });

}  // namespace
}  // namespace xdpcap::test
