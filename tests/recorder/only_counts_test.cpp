// SPDX-License-Identifier: BSD-3-Clause
// Recorders in the kernel that only count.
#include <gtest/gtest.h>

#include <cstdint>

#include "recorder/lone_recorder.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

TEST(OnlyCounts, CountsAndLeavesTheRingsAlone) {
  constexpr std::uint32_t kEach = 1000;
  const LoneRecorder lone("len = 60", {}, {}, kOrderedStores, true);
  EXPECT_EQ(lone.hooked.run(numbered_packet(60), kEach), static_cast<std::uint32_t>(XDP_DROP));
  EXPECT_EQ(lone.hooked.run(numbered_packet(61), kEach), static_cast<std::uint32_t>(XDP_DROP));
  const Counts counts = lone.control.read(0);
  EXPECT_EQ(counts.received, 2 * kEach);
  EXPECT_EQ(counts.matched, kEach);
  EXPECT_EQ(counts.lost, 0U);
  EXPECT_EQ(lone.rings.most_waiting(), 0U);
}

// More than a ring holds.
TEST(OnlyCounts, LosesNothing) {
  constexpr std::uint32_t kMany = 500'000;
  const LoneRecorder lone("", {}, {}, kOrderedStores, true);
  lone.hooked.run(numbered_packet(60), kMany);
  const Counts counts = lone.control.read(0);
  EXPECT_EQ(counts.matched, kMany);
  EXPECT_EQ(counts.lost, 0U);
}

}  // namespace
}  // namespace xdpcap::test
