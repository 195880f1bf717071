// SPDX-License-Identifier: BSD-3-Clause
#include "ring/backoff.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace xdpcap {
namespace {

constexpr std::uint64_t kOnePacket = 128;
constexpr std::uint64_t kBurst = 1 << 20;
// The longest time that a user of a live capture has to wait for a packet.
constexpr int kTolerable = 50;

// Milliseconds from a poll that found something to the sleep, if nothing more arrives.
int until_sleep(Backoff& backoff) {
  int milliseconds = 0;
  for (; !backoff.is_over(); backoff.woke()) milliseconds += backoff.milliseconds();
  return milliseconds;
}

TEST(Backoff, IsShortWhileMuchComes) {
  Backoff backoff;
  for (int i = 0; i < 100; ++i) {
    backoff.found(kBurst);
    EXPECT_FALSE(backoff.is_last());
    EXPECT_EQ(backoff.milliseconds(), 5);
    backoff.woke();
  }
}

TEST(Backoff, GrowsWhileLittleComesToWhatIsTolerable) {
  Backoff backoff;
  for (int i = 0; i < 100; ++i) {
    const int before = backoff.milliseconds();
    backoff.found(kOnePacket);
    EXPECT_GE(backoff.milliseconds(), before);
    EXPECT_LE(backoff.milliseconds(), kTolerable);
    EXPECT_FALSE(backoff.is_over());
    backoff.woke();
  }
  EXPECT_GT(backoff.milliseconds(), 5);
  backoff.found(kBurst);
  EXPECT_EQ(backoff.milliseconds(), 5);
}

TEST(Backoff, EndInASleepOfWhichTheLastOneWarns) {
  Backoff backoff;
  backoff.found(kOnePacket);
  while (!backoff.is_last()) backoff.woke();
  EXPECT_FALSE(backoff.is_over());
  backoff.woke();
  EXPECT_TRUE(backoff.is_over());
  backoff.woke();
  EXPECT_TRUE(backoff.is_over());  // a sleep that ended without a packet is resumed
  backoff.found(kOnePacket);
  EXPECT_FALSE(backoff.is_over());
}

TEST(Backoff, AreFewForEachPacketOfATrickle) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) {
    backoff.found(kOnePacket);
    EXPECT_LE(until_sleep(backoff), 100);
    backoff.woke();
  }
}

}  // namespace
}  // namespace xdpcap
