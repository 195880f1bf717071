// SPDX-License-Identifier: BSD-3-Clause
#include "print/packet_lines.hpp"

#include <gmock/gmock.h>

#include <string>

#include "output/pcapng.hpp"

namespace xdpcap {
namespace {

// Notes of two packets, of which the first has a comment.
class PacketLinesTest : public ::testing::Test {
 protected:
  explicit PacketLinesTest(const char* interface = "XDPdrop") {
    add(pcapng::section_header({.hardware = "", .os = "", .application = ""}));
    add(pcapng::interface_description(
        {.name = interface, .description = "", .filter = "", .os = ""}));
    for (const char* comment : {"fate=none", ""}) {
      add(pcapng::enhanced_packet({.interface_id = 0,
                                   .time = 1,
                                   .bytes = {},
                                   .original_length = 0,
                                   .id = 0,
                                   .verdict = std::nullopt,
                                   .comment = comment}));
    }
  }
  void add(const pcapng::Bytes& block) { notes_.read(block); }

  // What becomes of a packet's first line, then of lines that only look like one, then of another
  // packet.
  std::string lines_of(PacketLines& lines) {
    lines.append(notes_.next()->mark + "IP a > b\n", notes_);
    lines.append("1700000000.000000 IP in the packet\n", notes_);
    lines.append("\t0x0000:  4500\n", notes_);
    lines.append(notes_.next()->mark + "IP c > d\n", notes_);
    const PacketLines::Lines all = lines.take();
    EXPECT_EQ(all.packet_ends.size(), 2U);
    EXPECT_EQ(all.packet_ends.back(), all.text.size());
    return all.text;
  }

  PacketNotes notes_;
};

constexpr PrintTime kNoTime = PrintTime::none;

TEST_F(PacketLinesTest, OnlyAMarkBeginsAPacket) {
  PacketLines lines({.time = kNoTime, .color = Color::never}, true);
  EXPECT_EQ(lines_of(lines),
            "drop     IP a > b  fate=none\n"
            "         1700000000.000000 IP in the packet\n"
            "         \t0x0000:  4500\n"
            "drop     IP c > d\n");
}

TEST_F(PacketLinesTest, NumbersComeAfterTheAction) {
  PacketLines lines({.time = PrintTime::epoch, .color = Color::never, .number = true}, true);
  EXPECT_EQ(lines_of(lines).substr(0, 46), "drop         1  0.000000 IP a > b  fate=none\n ");
}

TEST_F(PacketLinesTest, ANarrowTerminalGivesTheCommentALineOfItsOwn) {
  PacketLines lines({.time = kNoTime, .color = Color::never}, true);
  lines.set_width(27);
  EXPECT_THAT(lines_of(lines), ::testing::StartsWith("drop     IP a > b\n         fate=none\n  "));
}

TEST_F(PacketLinesTest, AWideEnoughOneDoesNot) {
  PacketLines lines({.time = kNoTime, .color = Color::never}, true);
  lines.set_width(28);
  EXPECT_THAT(lines_of(lines), ::testing::StartsWith("drop     IP a > b  fate=none\n"));
}

TEST_F(PacketLinesTest, OnlyTheActionHasAColor) {
  PacketLines lines({.time = kNoTime, .color = Color::always}, true);
  EXPECT_THAT(lines_of(lines),
              ::testing::StartsWith("\x1b[31mdrop\x1b[0m     IP a > b  fate=none\n"));
}

class LinesOfASource : public PacketLinesTest {
 protected:
  LinesOfASource() : PacketLinesTest("veth-long/XDPdrop") {}
};

TEST_F(LinesOfASource, HaveItsNameInFront) {
  PacketLines lines({.time = kNoTime, .color = Color::always}, true);
  EXPECT_THAT(lines_of(lines),
              ::testing::StartsWith("veth-long \x1b[31mdrop\x1b[0m IP a > b  fate=none\n"));
}

class LinesWithoutActions : public PacketLinesTest {
 protected:
  LinesWithoutActions() : PacketLinesTest("") {}
};

TEST_F(LinesWithoutActions, AreTcpdumps) {
  PacketLines lines({.time = kNoTime, .color = Color::always}, true);
  EXPECT_EQ(lines_of(lines),
            "IP a > b  fate=none\n"
            "1700000000.000000 IP in the packet\n"
            "\t0x0000:  4500\n"
            "IP c > d\n");
}

TEST_F(PacketLinesTest, EachLineOfTsharkIsAPacket) {
  PacketLines lines({.color = Color::never}, false);
  lines.append("  1 12:00:00.000000 a\n", notes_);
  lines.append("  2 12:00:00.000000 b\n", notes_);
  EXPECT_EQ(lines.take().text,
            "drop       1 12:00:00.000000 a  fate=none\ndrop       2 12:00:00.000000 b\n");
}

}  // namespace
}  // namespace xdpcap
