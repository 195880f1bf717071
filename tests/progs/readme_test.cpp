// SPDX-License-Identifier: BSD-3-Clause
// The commands of the READMEs, word for word, as a new user runs them: from the root of the
// repository, in one shell. The output shown in a README must occur. Labs have their own id and
// bpffs is private, so that other hooks on the machine do not interfere.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "progs/command.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {
namespace {

struct Readme {
  std::string commands;            // of its sh blocks
  std::string program;             // of its c blocks
  std::vector<std::string> shown;  // lines of blocks without a language, but for drawings
};

Readme read_readme(const std::string& path) {
  Readme readme;
  std::ifstream file(path);
  std::string fence;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) {
      fence = fence.empty() ? line : "";
    } else if (fence == "```sh") {
      readme.commands += line + "\n";
    } else if (fence == "```c") {
      readme.program += line + "\n";
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
  const std::string pattern = std::regex_replace(line, kSpecial, R"(\$&)");
  if (line.starts_with("0000")) return std::regex(line.substr(0, 8) + "  .*");  // a hex dump
  return std::regex(std::regex_replace(pattern, kNumber, "[0-9]+"));
}

void expect_shown(const Readme& readme, const std::string& id, const std::string& output) {
  for (const std::string& line : readme.shown) {
    EXPECT_TRUE(std::regex_search(output, pattern_of(line, id))) << line << "\nis not in:\n"
                                                                 << output;
  }
}

class ReadmeTest : public testing::TestWithParam<const char*> {};

TEST_P(ReadmeTest, CommandsShowWhatItSays) {
  const Readme readme = read_readme("bpf/progs/" + std::string(GetParam()) + "/README.md");
  ASSERT_NE(readme.commands, "");
  const std::string id = "readme" + std::to_string(getpid());
  // With job control, for `kill %1`; the jobs' ends are waited for, so that their last words count.
  const std::string script = "set -m\nmount -t bpf bpf /sys/fs/bpf\n" + readme.commands +
                             "\nwait\nls /sys/fs/bpf\ntests/lab status";
  const Output output =
      output_of({"env", "LAB_ID=" + id, "unshare", "--mount", "bash", "-c", script});
  expect_shown(readme, id, output.text);
  EXPECT_THAT(output.text, testing::Not(testing::HasSubstr("\nxdpcap\n"))) << "a pin is left";
  EXPECT_EQ(output.exit_code, 3) << "a lab was not removed";
  EXPECT_THAT(output.text, testing::EndsWith("lab: no lab is up as " + id + "\n"));
  output_of({"tests/lab", "--id", id, "down"});
}

INSTANTIATE_TEST_SUITE_P(Programs, ReadmeTest,
                         testing::Values("xdp_pass", "packet_counter", "icmp_even_drop", "xdp_dump",
                                         "basic_firewall", "redirect_map", "srv6_end",
                                         "payload_cutter", "chain", "encap"),
                         [](const auto& program) { return std::string(program.param); });

// The README's program is compiled, loaded, attached and captured with the README's commands, in a
// network namespace that has nothing but lo.
TEST(FrontPage, CapturesItsOwnProgram) {
  const Readme readme = read_readme("README.md");
  std::smatch source;
  ASSERT_TRUE(std::regex_search(readme.commands, source, std::regex(R"( -c (\S+\.bpf\.c) )")));
  const TemporaryFolder folder;
  std::ofstream(folder.path(source[1])) << readme.program;
  const std::string repository = std::filesystem::current_path();
  std::filesystem::create_symlink(repository + "/bpf", folder.path("bpf"));
  const std::string script = "mount -t bpf bpf /sys/fs/bpf\nip link set lo up\ncd " +
                             folder.path("") + "\nPATH=" + repository + "/build/bin:$PATH\n" +
                             readme.commands +
                             "wait\nip -o link show dev lo\nls /sys/fs/bpf\necho the end";
  const Output output =
      output_of({"unshare", "--mount", "--net", "timeout", "25", "bash", "-c", script});
  EXPECT_EQ(output.exit_code, 0) << output.text;
  expect_shown(readme, "", output.text);
  EXPECT_THAT(output.text, testing::Not(testing::HasSubstr("xdpgeneric"))) << "still attached";
  EXPECT_THAT(output.text, testing::EndsWith("\nthe end\n"));
  EXPECT_THAT(output.text, testing::Not(testing::HasSubstr("\nno_ipv6\n"))) << "a pin is left";
  EXPECT_GT(std::filesystem::file_size(folder.path("out.pcap")), 6 * 98U);
}

}  // namespace
}  // namespace xdpcap::test
