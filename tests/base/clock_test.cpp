// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace xdpcap {
namespace {

std::int64_t ns(std::chrono::nanoseconds duration) {
  return duration.count();
}

TEST(WallClock, MakesADateOfTheMonotonicClock) {
  const WallClock clock;
  const auto before = ns(std::chrono::system_clock::now().time_since_epoch());
  const auto monotonic = ns(std::chrono::steady_clock::now().time_since_epoch());
  const auto after = ns(std::chrono::system_clock::now().time_since_epoch());
  const auto date = monotonic + static_cast<std::int64_t>(clock.offset());
  constexpr std::int64_t kMicrosecond = 1000;
  EXPECT_GE(date, before - 10 * kMicrosecond);
  EXPECT_LE(date, after + 10 * kMicrosecond);
}

TEST(WallClock, StaysAsItIsWhileNobodySetsTheDate) {
  WallClock clock;
  const std::uint64_t offset = clock.offset();
  for (int i = 0; i < 1000; ++i) clock.refresh();
  EXPECT_EQ(clock.offset(), offset);
}

}  // namespace
}  // namespace xdpcap
