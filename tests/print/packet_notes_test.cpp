// SPDX-License-Identifier: BSD-3-Clause
#include "print/packet_notes.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "output/pcapng.hpp"
#include "support/block.hpp"

namespace xdpcap {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

using test::MadeBlock;
using test::numbered_packet;

pcapng::Bytes section() {
  pcapng::Bytes file = pcapng::section_header({.hardware = "x", .os = "y", .application = "test"});
  for (const char* name : {"XDPdrop", "XDPxdpAction(7)"}) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = name, .description = "d", .filter = "", .os = ""});
    file.insert(file.end(), interface.begin(), interface.end());
  }
  return file;
}

void append_packet(pcapng::Bytes& file, std::uint32_t interface) {
  const MadeBlock block({.packet = numbered_packet(61), .interface = interface});
  const auto* bytes = reinterpret_cast<const std::byte*>(&block.get());
  file.insert(file.end(), bytes, bytes + block.get().block_length);
}

// A packet of 61 bytes with "fate=none", then "other", before its other options.
void append_commented_packet(pcapng::Bytes& file) {
  const MadeBlock block({.packet = numbered_packet(61)});
  std::vector<std::uint8_t> bytes = block.bytes();
  const std::string options(
      "\x01\x00\x09\x00"
      "fate=none\0\0\0"
      "\x01\x00\x05\x00"
      "other\0\0\0",
      28);
  bytes.insert(bytes.begin() + 28 + 64, options.begin(), options.end());
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(&bytes[4], &length, sizeof(length));
  std::memcpy(&bytes[bytes.size() - sizeof(length)], &length, sizeof(length));
  const auto whole = std::as_bytes(std::span(bytes));
  file.insert(file.end(), whole.begin(), whole.end());
}

pcapng::Bytes two_sections() {
  pcapng::Bytes file = section();
  append_packet(file, 0);
  append_commented_packet(file);
  append_packet(file, 1);
  const pcapng::Bytes statistics = pcapng::interface_statistics({.written = 2});
  file.insert(file.end(), statistics.begin(), statistics.end());
  const pcapng::Bytes second = section();
  file.insert(file.end(), second.begin(), second.end());
  append_packet(file, 1);
  return file;
}

// However a pipe cuts them.
TEST(PacketNotes, TellActionsAndCommentsInOrder) {
  const pcapng::Bytes file = two_sections();
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{100}, file.size()}) {
    PacketNotes notes;
    for (std::size_t at = 0; at < file.size(); at += step) {
      notes.read(std::span(file).subspan(at, std::min(step, file.size() - at)));
    }
    std::vector<std::pair<std::string, std::string>> all;
    while (const auto note = notes.take()) all.emplace_back(note->action, note->comment);
    EXPECT_THAT(all, ElementsAre(Pair("drop", ""), Pair("drop", "fate=none other"),
                                 Pair("xdpAction(7)", ""), Pair("xdpAction(7)", "")));
  }
}

// The blocks are as they were but for the times of packets; each mark is another.
TEST(PacketNotes, MarkPacketsWithOtherTimes) {
  const pcapng::Bytes file = two_sections();
  PacketNotes notes;
  notes.read(std::span(file).first(file.size() - 1));
  const pcapng::Bytes first = notes.take_blocks(false);
  EXPECT_TRUE(std::equal(first.begin(), first.end(), file.begin()));
  notes.read(std::span(file).last(1));
  const pcapng::Bytes last = notes.take_blocks(true);
  ASSERT_EQ(first.size() + last.size(), file.size());
  const auto differing = std::mismatch(last.begin(), last.end(), file.begin() + first.size());
  EXPECT_EQ(differing.first - last.begin(), 12 + 0) << "the upper half of the time";
  std::set<std::string> marks;
  std::set<std::uint64_t> times;
  while (const auto note = notes.take()) {
    EXPECT_THAT(note->mark, ::testing::MatchesRegex("[0-9]+[.][0-9]+ "));
    EXPECT_EQ(note->mark.size(), 18U);
    marks.insert(note->mark);
    times.insert(note->time);
  }
  EXPECT_EQ(marks.size(), 4U);
  EXPECT_EQ(times.size(), 1U);
}

TEST(PacketNotes, TellNothingOfABlockThatEndsTooEarly) {
  PacketNotes notes;
  const pcapng::Bytes block = {std::byte{6}, {}, {}, {}, std::byte{8}, {}, {}, {}};
  notes.read(block);
  EXPECT_EQ(notes.take().value().action, "");
}

}  // namespace
}  // namespace xdpcap
