// SPDX-License-Identifier: BSD-3-Clause
// The profile in capture/wireshark/xdpcap, as tshark shows it.
#include <gmock/gmock.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

const std::string kProfile = std::string(SOURCE_FOLDER) + "/capture/wireshark/xdpcap";

// A packet of each action; in another file, the second has a reason and the fifth has failed.
// editcap adds those comments to packets without a verdict, as that of Wireshark 4.0 damages
// verdicts.
class ProfileTest : public ToolTest {
 protected:
  ProfileTest() {
    const std::string profiles = files_.path(".config/wireshark/profiles");
    std::filesystem::create_directories(profiles);
    std::filesystem::copy(kProfile, profiles + "/xdpcap");
  }
  void SetUp() override {
    Process capture(tool({hook_path_, file_}));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    for (std::uint32_t action = 0; action < 5; ++action) program_.run(packet_for(action, 100));
    capture.signal(SIGINT);
    ASSERT_EQ(capture.wait().exit_code, 0);
    edit({"-F", "pcap", file_, plain_});
    edit({"-a", "2:reason=\"blocked\" at=fw.c:7", "-a", "5:fate=dropped reason=ENETDOWN to=eth1(3)",
          plain_, with_comments_});
  }

  static void edit(std::vector<std::string> command) {
    command.insert(command.begin(), "editcap");
    const ProcessResult result = run(command);
    ASSERT_EQ(result.exit_code, 0) << result.err;
  }

  [[nodiscard]] ProcessResult tshark(const std::string& file,
                                     const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {
        "env", "HOME=" + files_.path(""), "tshark", "-C", "xdpcap", "-n", "-r", file};
    command.insert(command.end(), arguments.begin(), arguments.end());
    ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result;
  }

  std::string plain_ = files_.path("plain.pcap");
  std::string with_comments_ = files_.path("comments.pcap");
};

TEST_F(ProfileTest, ColumnsShowVerdictQueueAndNotes) {
  const ProcessResult shown = tshark(file_, {"-T", "tabs"});
  EXPECT_EQ(shown.err.find("olor"), std::string::npos) << shown.err;
  for (const char* columns : {"\tXDPaborted\t0\t", "\tXDPdrop\t0\t", "\tXDPredirect\t0\t"}) {
    EXPECT_THAT(shown.out, HasSubstr(columns));
  }
  // Beside the last column; those between are hidden.
  EXPECT_THAT(tshark(with_comments_, {"-T", "tabs"}).out,
              HasSubstr("\treason=\"blocked\" at=fw.c:7\tEthernet II"));
  EXPECT_THAT(tshark(file_, {"-T", "tabs", "-o", "gui.column.hidden:"}).out,
              HasSubstr(", hook " + hook_path_ + ", host "));
}

TEST_F(ProfileTest, ColoursShowVerdictsAndFailures) {
  const std::vector<std::string> rule = {"--color", "-T", "fields", "-e",
                                         "frame.coloring_rule.name"};
  EXPECT_EQ(tshark(file_, rule).out, "XDP_ABORTED\nXDP_DROP\nXDP_PASS\nXDP_TX\nXDP_REDIRECT\n");
  EXPECT_THAT(tshark(with_comments_, rule).out,
              HasSubstr("\nFate: not what the program asked for\n"));
}

using Counts = std::map<std::string, std::string>;

// How many packets of a file each button selects, from a table of tshark's:
// | 0.0 <> 0.1 |      1 |    60 |      0 |     0 |
Counts count(const std::string& table, const std::vector<std::string>& buttons) {
  Counts counts;
  std::smatch row;
  EXPECT_TRUE(std::regex_search(table, row, std::regex(R"(<>[^|]*\|(.*))"))) << table;
  const std::string columns = row[1];
  const std::regex pair(R"( *(\d+) *\| *\d+ *\|)");
  std::size_t i = 0;
  for (std::sregex_iterator one(columns.begin(), columns.end(), pair), end; one != end; ++one) {
    counts[buttons.at(i++)] = (*one)[1];
  }
  EXPECT_EQ(i, buttons.size()) << table;
  return counts;
}

// In the file, quotes stand as \x22.
TEST_F(ProfileTest, ButtonsSelect) {
  std::string statistics = "io,stat,0";
  std::vector<std::string> buttons;
  std::ifstream file(kProfile + "/dfilter_buttons");
  const std::regex sentence(R"re("TRUE","([^"]*)","([^"]*)","[^"]*")re");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    ASSERT_TRUE(std::regex_match(line, match, sentence)) << line;
    buttons.push_back(match[1]);
    statistics += "," + std::regex_replace(match[2].str(), std::regex(R"(\\x22)"), "\"");
  }
  const Counts of_verdicts = {{"aborted", "1"},  {"drop", "1"},   {"pass", "1"},   {"tx", "1"},
                              {"redirect", "1"}, {"failed", "0"}, {"reason", "0"}, {"loss", "0"}};
  EXPECT_EQ(count(tshark(file_, {"-q", "-z", statistics}).out, buttons), of_verdicts);
  const Counts of_comments = {{"aborted", "0"},  {"drop", "0"},   {"pass", "0"},   {"tx", "0"},
                              {"redirect", "0"}, {"failed", "1"}, {"reason", "1"}, {"loss", "0"}};
  EXPECT_EQ(count(tshark(with_comments_, {"-q", "-z", statistics}).out, buttons), of_comments);
}

}  // namespace
}  // namespace xdpcap::test
