// SPDX-License-Identifier: BSD-3-Clause
// The reader and running recorders as threads of this process, for ThreadSanitizer.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>

#include "base/clock.hpp"
#include "output/time_merge.hpp"
#include "recorder/record.h"
#include "ring/rings.hpp"
#include "support/made_ring.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kSize = 16384;
constexpr std::size_t kPackets = 4000;

// Of the nth packet.
std::size_t length_of(std::size_t n) {
  return 60 + n % 500;
}

// A recorder that waits where a real one counts a packet as lost. Its mark is no barrier but where
// BPF_ADD is one, so it may be seen late; that it is taken off is seen after the head (record.h).
void record_all(test::MadeRing& ring, std::uint32_t interface) {
  const std::atomic_ref busy(ring.ring().busy);
  for (std::size_t n = 0; n < kPackets;) {
    busy.fetch_add(1, std::memory_order_relaxed);
    const bool recorded = ring.record({.packet = test::numbered_packet(length_of(n)),
                                       .time = monotonic_now(),
                                       .interface = interface});
    busy.fetch_sub(1, std::memory_order_release);
    if (recorded) {
      ++n;
    } else {
      std::this_thread::yield();
    }
  }
}

TEST(RingCursor, IsReadWhileItIsWritten) {
  std::array<test::MadeRing, 2> rings = {test::MadeRing(kSize), test::MadeRing(kSize)};
  std::array<RingCursor, 2> cursors = {RingCursor(rings[0].memory(), kSize),
                                       RingCursor(rings[1].memory(), kSize)};
  const std::array<std::jthread, 2> recorders = {std::jthread([&] { record_all(rings[0], 0); }),
                                                 std::jthread([&] { record_all(rings[1], 1); })};
  TimeMerge<RingCursor> merge;
  std::array<std::size_t, 2> read{};
  std::uint64_t newest = 0;
  bool in_order = true;
  while (read[0] < kPackets || read[1] < kPackets) {
    const std::uint64_t horizon = monotonic_now() - XDPCAP_MARK_DELAY;
    for (RingCursor& cursor : cursors) cursor.refresh();
    merge.run(std::span(cursors), horizon, [&](const RingCursor& cursor) {
      const xdpcap_block& block = cursor.block();
      in_order &= cursor.time() >= newest && block.interface_id < read.size() &&
                  block.captured_length == length_of(read.at(block.interface_id));
      newest = cursor.time();
      ++read.at(block.interface_id);
      return true;
    });
    for (RingCursor& cursor : cursors) cursor.release();
    std::this_thread::yield();
  }
  EXPECT_TRUE(in_order);
}

}  // namespace
}  // namespace xdpcap
