// SPDX-License-Identifier: BSD-3-Clause
// The reader's side of a ring, with rings built by hand: without a kernel, so for any number of
// CPUs.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "output/time_merge.hpp"
#include "ring/rings.hpp"
#include "support/fate.hpp"
#include "support/made_ring.hpp"

namespace xdpcap {
namespace {

using test::made_fate;

using test::MadeRing;
using test::numbered_packet;

constexpr std::size_t kSize = 4096;

TEST(RingCursor, WalksLapAfterLap) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  std::mt19937 random(1);
  std::uint64_t written = 0;
  std::uint64_t read = 0;
  while (read < 5000) {
    const auto size = std::uniform_int_distribution<std::size_t>(14, 700)(random);
    const bool room = ring.record({.packet = numbered_packet(size), .time = written});
    if (room) ++written;
    if (room && random() % 4 != 0) continue;
    cursor.refresh();
    for (; cursor.ready(); cursor.next()) ASSERT_EQ(cursor.time(), read++);
    ASSERT_EQ(read, written);
    ASSERT_TRUE(cursor.ended());
    cursor.release();
    ASSERT_EQ(cursor.waiting(), 0U);
    ASSERT_EQ(ring.ring().tail, ring.ring().head);
  }
}

// A block that was about to be written with a comment has another length than in its ring.
TEST(RingCursor, AGrownBlockIsRestored) {
  MadeRing ring(kSize);
  constexpr std::uint64_t kOffset = 1000;
  for (std::uint64_t i = 0; i < 3; ++i) ring.record({.packet = numbered_packet(61), .time = i});
  RingCursor writer(ring.memory(), kSize);
  writer.go_back(0);
  writer.refresh();
  const std::uint32_t length = writer.block().block_length;
  set_time(writer.block(), writer.time() + kOffset + 1);
  writer.resize_block(length + 20);
  RingCursor reader(ring.memory(), kSize);
  reader.go_back(0);
  restore_blocks(reader, kOffset, {}, true);
  int blocks = 0;
  for (reader.refresh(); reader.ready(); reader.next()) {
    ++blocks;
    EXPECT_EQ(reader.block().block_length, length);
  }
  EXPECT_EQ(blocks, 3);
}

// 4096 = 32 blocks of 128 bytes: the last one ends where the ring does.
TEST(RingCursor, ABlockMayEndWithTheLap) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  for (int lap = 0; lap < 3; ++lap) {
    int blocks = 0;
    while (ring.record({.packet = numbered_packet(60)})) ++blocks;
    EXPECT_EQ(blocks, 32);
    cursor.refresh();
    for (; cursor.ready(); cursor.next()) --blocks;
    EXPECT_EQ(blocks, 0);
    cursor.release();
  }
}

TEST(RingCursor, SeesNothingThatCameAfterItLooked) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  cursor.refresh();
  ring.record({.packet = numbered_packet(60)});
  EXPECT_FALSE(cursor.ready());
  EXPECT_GT(cursor.waiting(), 0U);
  cursor.refresh();
  EXPECT_TRUE(cursor.ready());
}

// Any process that may write to maps may write anything: no cursor leaves its ring.
TEST(RingCursor, RefusesWhatNoRecorderLeaves) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  ring.record({.packet = numbered_packet(60)});
  ring.record({.packet = numbered_packet(60)});
  cursor.refresh();
  xdpcap_block& first = cursor.block();
  const std::uint32_t length = first.block_length;
  const std::uint32_t least = sizeof(xdpcap_block) + sizeof(xdpcap_entry_tail);
  for (const std::uint32_t wrong : {0U, length - 1, least - 4, XDPCAP_RING_OVERHANG + 4, ~0U}) {
    first.block_length = wrong;
    EXPECT_THROW(cursor.refresh(), Error) << wrong;
  }
  first.block_length = 2 * length + 4;  // points past the head
  EXPECT_THROW(cursor.next(), Error);
  cursor.go_back(0);
  first.block_length = length;
  for (const std::uint64_t wrong : {kSize + 1, ~std::size_t{0}}) {
    ring.ring().head = wrong;
    EXPECT_THROW(cursor.refresh(), Error) << wrong;
  }
  ring.ring().head = std::uint64_t{2} * length;
  cursor.refresh();
  cursor.next();
  EXPECT_TRUE(cursor.ready());
}

TEST(RingCursor, HasNotEndedWhileARecorderIsAtWork) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  ring.ring().busy = 1;
  cursor.refresh();
  EXPECT_FALSE(cursor.ready());
  EXPECT_FALSE(cursor.ended());
  ring.ring().busy = 0;
  cursor.refresh();
  EXPECT_TRUE(cursor.ended());
}

// A tracing program decides on the last block of a ring only; older ones are settled.
TEST(RingCursor, WaitsForTheFateOfTheLastBlock) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  const xdpcap_fate open = made_fate(XDPCAP_FATE_OPEN);
  for (std::uint64_t time = 1; time <= 3; ++time) {
    ring.record({.packet = numbered_packet(60), .time = time, .fate = open});
  }
  const auto seen = [&](std::uint64_t settled) {
    RingCursor look = cursor;
    look.refresh(settled);
    int blocks = 0;
    for (; look.ready(); look.next()) ++blocks;
    return std::pair(blocks, look.ended());
  };
  EXPECT_EQ(seen(0), std::pair(2, false));
  EXPECT_EQ(seen(3), std::pair(3, true));  // waited for long enough
  EXPECT_EQ(seen(RingCursor::kAllSettled), std::pair(3, true));
  cursor.refresh();
  for (cursor.next(); cursor.ready(); cursor.next()) {
    fate_of(cursor.block()).state = XDPCAP_FATE_CLOSED;
  }
  cursor = RingCursor(ring.memory(), kSize);
  ring.record({.packet = numbered_packet(60), .time = 4, .fate = xdpcap_fate{}});
  EXPECT_EQ(seen(0), std::pair(1, true));  // nothing to wait for: XDP_PASS
}

TEST(RingCursor, ABlockCanBeWrittenWithAnotherLength) {
  MadeRing ring(kSize);
  RingCursor cursor(ring.memory(), kSize);
  for (std::uint64_t time = 1; time <= 3; ++time) {
    ring.record({.packet = numbered_packet(60), .time = time});
  }
  cursor.refresh();
  for (std::uint64_t time = 1; time <= 3; ++time, cursor.next()) {
    ASSERT_TRUE(cursor.ready());
    ASSERT_EQ(cursor.time(), time);
    const auto* tail = reinterpret_cast<const std::byte*>(&cursor.block()) + 128 - 4;
    cursor.resize_block(200);
    std::uint32_t length = 0;
    std::memcpy(&length, tail, sizeof(length));
    EXPECT_EQ(length, 200U);
    EXPECT_EQ(cursor.block().block_length, 200U);
  }
  EXPECT_TRUE(cursor.ended());
}

TEST(RingCursor, ManyRingsMergeInTimeOrderWhetherIdleOrNot) {
  constexpr std::size_t kCpus = 128;
  constexpr std::uint64_t kPackets = 20'000;
  for (const std::size_t busy : {1U, 2U, 128U}) {
    std::deque<MadeRing> rings;
    std::vector<RingCursor> cursors;
    for (std::size_t cpu = 0; cpu < kCpus; ++cpu) {
      cursors.emplace_back(rings.emplace_back(std::size_t{1} << 16U).memory(), 1U << 16U);
    }
    TimeMerge<RingCursor> merge;
    std::mt19937 random(busy);
    std::uint64_t time = 0;
    std::uint64_t merged = 0;
    for (std::uint64_t sent = 0; sent < kPackets;) {
      for (int i = 0; i < 100; ++i, ++sent) {
        ASSERT_TRUE(rings[random() % busy].record({.packet = numbered_packet(60), .time = ++time}));
      }
      for (RingCursor& cursor : cursors) cursor.refresh();
      const MergeEnd end = merge.run(cursors, time, [&](const RingCursor& cursor) {
        EXPECT_EQ(cursor.time(), ++merged);
        return true;
      });
      ASSERT_EQ(end, MergeEnd::drained);
      for (RingCursor& cursor : cursors) cursor.release();
    }
    EXPECT_EQ(merged, kPackets);
  }
}

}  // namespace
}  // namespace xdpcap
