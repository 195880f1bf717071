// SPDX-License-Identifier: BSD-3-Clause
// Sizes and limits of the rings; recording_test covers the transport of records.
#include "ring/rings.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace xdpcap {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

TEST(Rings, RoundTheirSizeUpToWhatTheKernelTakes) {
  EXPECT_EQ(Rings({0}, 1, 1).bytes_per_cpu(), 4096U);
  EXPECT_EQ(Rings({0}, 1, 8192).bytes_per_cpu(), 8192U);
  EXPECT_EQ(Rings({0}, 1, 8193).bytes_per_cpu(), 16384U);
}

// The verifier allows no larger rings, older kernels not even these.
TEST(Rings, AreAtMost256Mebibytes) {
  const std::size_t most = Rings({0}, 1, std::uint64_t{1} << 40U).bytes_per_cpu();
  EXPECT_GE(most, 2 * kMiB);
  EXPECT_LE(most, 256 * kMiB);
}

// Linux 5.10 takes no larger map values; a larger ring becomes one that it takes.
TEST(Rings, EveryKernelGivesTwoMebibytes) {
  for (const std::uint64_t wanted : {2 * kMiB, 8 * kMiB}) {
    const Rings rings({0}, 1, wanted);
    EXPECT_GE(rings.bytes_per_cpu(), 2 * kMiB);
    EXPECT_LE(rings.bytes_per_cpu(), wanted);
  }
}

// Rings of CPUs that are not online cost nothing but their place in the array.
TEST(Rings, OfManyPossibleCpus) {
  Rings rings({0, 127}, 128, 4096);
  EXPECT_EQ(rings.cursors().size(), 2U);
}

TEST(Rings, DefaultSizeFollowsMemoryAndCpus) {
  const std::uint64_t ordinary = default_ring_bytes(16384 * kMiB, 2);
  EXPECT_LE(default_ring_bytes(262144 * kMiB, 128) * 128, 512 * kMiB);
  EXPECT_LT(default_ring_bytes(256 * kMiB, 2), ordinary);
  EXPECT_GT(default_ring_bytes(16 * kMiB, 256), 0U);
  for (const std::size_t cpus : {1U, 3U, 128U}) {
    const std::uint64_t size = default_ring_bytes(8192 * kMiB, cpus);
    EXPECT_EQ(size & (size - 1), 0U) << cpus;
  }
}

TEST(Rings, BeginEmpty) {
  Rings rings({0}, 4, 4096);
  for (RingCursor& cursor : rings.cursors()) {
    cursor.refresh();
    EXPECT_TRUE(cursor.ended());
    EXPECT_FALSE(cursor.ready());
  }
  EXPECT_EQ(rings.most_waiting(), 0U);
}

}  // namespace
}  // namespace xdpcap
