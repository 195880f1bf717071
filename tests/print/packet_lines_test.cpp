// SPDX-License-Identifier: BSD-3-Clause
#include "print/packet_lines.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

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
    add_packet("fate=none", kBytes);
    add_packet("", kBytes);
  }
  void add_packet(const char* comment, std::span<const std::byte> bytes) {
    add(pcapng::enhanced_packet({.interface_id = 0,
                                 .time = 1,
                                 .bytes = bytes,
                                 .original_length = static_cast<std::uint32_t>(bytes.size()),
                                 .id = 0,
                                 .verdict = std::nullopt,
                                 .comment = comment}));
  }
  void add(const pcapng::Bytes& block) { notes_.read(block); }

  // The marks of the next packets, as tcpdump has them in its blocks.
  std::vector<std::string> marks() {
    std::vector<std::string> marks;
    const auto blocks = notes_.take_blocks(true);
    for (std::size_t at = 0; at < blocks.size();) {
      std::array<std::uint32_t, 5> words{};
      std::memcpy(words.data(), &blocks[at], std::min(sizeof(words), blocks.size() - at));
      at += words[1];
      constexpr std::uint32_t kEnhancedPacket = 6;
      if (words[0] != kEnhancedPacket) continue;
      const std::uint64_t microseconds = (std::uint64_t{words[3]} << 32U | words[4]) / 1000;
      const std::string fraction = std::to_string(1'000'000 + microseconds % 1'000'000);
      marks.push_back(std::to_string(microseconds / 1'000'000) + '.' + fraction.substr(1) + ' ');
    }
    return marks;
  }

  // What becomes of a packet's first line, then of lines that only look like one, then of another
  // packet.
  std::string lines_of(PacketLines& lines) {
    const auto all_marks = marks();
    lines.append(all_marks.at(0) + "IP a > b\n", notes_);
    lines.append("1700000000.000000 IP in the packet\n", notes_);
    lines.append("[Invalid header: in the packet]\n", notes_);
    lines.append("\t0x0000:  4500\n", notes_);
    lines.append(all_marks.at(1) + "IP c > d\n", notes_);
    const PacketLines::Lines all = lines.take();
    EXPECT_EQ(all.packet_ends.size(), 2U);
    EXPECT_EQ(all.packet_ends.back(), all.text.size());
    return all.text;
  }

  static constexpr std::array<std::byte, 1> kBytes{};
  PacketNotes notes_;
};

constexpr PrintTime kNoTime = PrintTime::none;

TEST_F(PacketLinesTest, OnlyAMarkBeginsAPacket) {
  PacketLines lines({.time = kNoTime, .color = Color::never}, true);
  EXPECT_EQ(lines_of(lines),
            "drop     IP a > b  fate=none\n"
            "         1700000000.000000 IP in the packet\n"
            "         [Invalid header: in the packet]\n"
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

// Tcpdump prints no time of packets with impossible lengths.
TEST_F(PacketLinesTest, PacketsWithoutAMarkAreToldApart) {
  add_packet("", {});
  add_packet("", kBytes);
  PacketLines lines({.time = PrintTime::epoch, .color = Color::never}, true);
  const auto all_marks = marks();
  lines.append(all_marks.at(1) + "IP b\n", notes_);  // it said nothing of the first
  lines.append("[Invalid header: caplen==0]\n", notes_);
  lines.append(all_marks.at(3) + "IP d\n", notes_);
  EXPECT_EQ(lines.take().text,
            "drop     0.000000 IP b\ndrop     [Invalid header: caplen==0]\n"
            "drop     0.000000 IP d\n");
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
            "[Invalid header: in the packet]\n"
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
