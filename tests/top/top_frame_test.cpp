// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_frame.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <deque>
#include <string>

#include "top/made_reports.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TopFrame : public ::testing::Test {
 protected:
  TopFrame() {
    table_.begin_capture({"eth2: not counted: tracing is refused"});
    table_.update(made_report(0, 0, 0));
    table_.update(made_report(1, 1'234'567, 3));
  }

  [[nodiscard]] std::vector<std::string> draw(std::size_t columns, std::size_t lines,
                                              TopStyle style = {}) const {
    return top_frame(table_, status_, {columns, lines}, style);
  }

  TopTable table_;
  TopStatus status_;
};

TEST_F(TopFrame, In80Columns) {
  status_.seconds = 3661;
  EXPECT_THAT(
      draw(79, 12),
      ElementsAre("2 sources, 1234570 packets, 1235k/s                                    01:01:01",
                  "SOURCE, ACTION, REASON, -> FATE         PACKETS   RATE/s  LAST 21 s",
                  "eth0  hook /h                           1234567    1235k                      #",
                  "  drop                                  1234567    1235k                      #",
                  "    source is blocked (fw.bpf.c:7)      1234567    1235k                      #",
                  "eth1  program 5, traced                       3        3                      #",
                  "  redirect                                    3        3                      #",
                  "    -> dropped ENETDOWN by device             3        3                      #",
                  "eth2: not counted: tracing is refused", "", "",
                  "q quit  p pause  r reset  s sort: as named  up, down"));
}

TEST_F(TopFrame, FitsIntoEverySize) {
  for (std::size_t columns = 1; columns < 220; ++columns) {
    for (std::size_t lines = 1; lines < 15; ++lines) {
      const auto frame = draw(columns, lines);
      EXPECT_LE(frame.size(), lines);
      for (const std::string& line : frame) EXPECT_LE(line.size(), columns) << line;
    }
  }
}

TEST_F(TopFrame, SaysHowMuchIsNotShown) {
  const auto frame = draw(79, 6);
  EXPECT_EQ(frame[4], "... 5 more rows");
  status_.scrolled = 2;
  EXPECT_THAT(draw(79, 6)[2], StartsWith("    source is blocked"));
  status_.scrolled = 100;
  EXPECT_THAT(draw(79, 6)[4], StartsWith("eth2: not counted"));
}

TEST_F(TopFrame, WithoutColourHasNoEscapes) {
  for (const std::string& line : draw(79, 24)) EXPECT_THAT(line, Not(HasSubstr("\x1b")));
  const auto coloured = draw(79, 24, {.colour = true});
  EXPECT_THAT(coloured[3], AllOf(StartsWith("\x1b[31m  drop"), EndsWith("\x1b[0m")));
}

TEST_F(TopFrame, ShowsFilterPauseAndNews) {
  status_.filter = "icmp";
  status_.is_paused = true;
  status_.news = "the program was\treloaded";
  const auto frame = draw(79, 24);
  EXPECT_THAT(frame.front(), AllOf(HasSubstr("that match \"icmp\""), HasSubstr("paused")));
  EXPECT_EQ(frame.back(), "the program was?reloaded");
}

TEST(Sparkline, IsScaledToTheHighestRate) {
  EXPECT_EQ(sparkline({0, 1, 4, 8}, 5, false), "  _-#");
  EXPECT_EQ(sparkline({8, 0.001}, 1, true), "█");
  EXPECT_EQ(sparkline({0, 8}, 2, true), " █");
  EXPECT_EQ(sparkline({}, 2, true), "  ");
}

}  // namespace
}  // namespace xdpcap::test
