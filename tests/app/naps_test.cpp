// SPDX-License-Identifier: BSD-3-Clause
#include "ring/naps.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace xdpcap {
namespace {

constexpr std::uint64_t kOnePacket = 128;
constexpr std::uint64_t kBurst = 1 << 20;
// What a user of a live capture waits for a packet at the most.
constexpr int kTolerable = 50;

// Milliseconds from a look that found something to the sleep, if nothing comes any more.
int until_sleep(Naps& naps) {
  int milliseconds = 0;
  for (; !naps.is_over(); naps.woke()) milliseconds += naps.milliseconds();
  return milliseconds;
}

TEST(Naps, AreShortWhileMuchComes) {
  Naps naps;
  for (int i = 0; i < 100; ++i) {
    naps.found(kBurst);
    EXPECT_FALSE(naps.is_last());
    EXPECT_EQ(naps.milliseconds(), 5);
    naps.woke();
  }
}

TEST(Naps, GrowWhileLittleComesToWhatIsTolerable) {
  Naps naps;
  for (int i = 0; i < 100; ++i) {
    const int before = naps.milliseconds();
    naps.found(kOnePacket);
    EXPECT_GE(naps.milliseconds(), before);
    EXPECT_LE(naps.milliseconds(), kTolerable);
    EXPECT_FALSE(naps.is_over());
    naps.woke();
  }
  EXPECT_GT(naps.milliseconds(), 5);
  naps.found(kBurst);
  EXPECT_EQ(naps.milliseconds(), 5);
}

TEST(Naps, EndInASleepOfWhichTheLastOneWarns) {
  Naps naps;
  naps.found(kOnePacket);
  while (!naps.is_last()) naps.woke();
  EXPECT_FALSE(naps.is_over());
  naps.woke();
  EXPECT_TRUE(naps.is_over());
  naps.woke();
  EXPECT_TRUE(naps.is_over());  // a sleep that ended without a packet goes on
  naps.found(kOnePacket);
  EXPECT_FALSE(naps.is_over());
}

TEST(Naps, AreFewForEachPacketOfATrickle) {
  Naps naps;
  for (int i = 0; i < 10; ++i) {
    naps.found(kOnePacket);
    EXPECT_LE(until_sleep(naps), 100);
    naps.woke();
  }
}

}  // namespace
}  // namespace xdpcap
