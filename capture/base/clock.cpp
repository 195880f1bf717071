// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.hpp"

#include <ctime>
#include <limits>

namespace xdpcap {
namespace {

std::uint64_t now(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

std::uint64_t monotonic_now() {
  return now(CLOCK_MONOTONIC);
}

void WallClock::refresh() {
  // Two measurements never agree exactly; a smaller difference is noise, not a change of the date.
  constexpr std::int64_t kNoise = 20'000;
  const std::uint64_t measured = measure();
  const auto moved = static_cast<std::int64_t>(measured - offset_);
  if (moved > kNoise || moved < -kNoise) offset_ = measured;
}

// Reads the date between two readings of the monotonic clock. Of several tries, the one whose two
// readings are closest together is the most precise.
std::uint64_t WallClock::measure() {
  constexpr int kTries = 10;
  std::uint64_t offset = 0;
  std::uint64_t closest = std::numeric_limits<std::uint64_t>::max();
  for (int i = 0; i < kTries; ++i) {
    const std::uint64_t before = monotonic_now();
    const std::uint64_t date = now(CLOCK_REALTIME);
    const std::uint64_t after = monotonic_now();
    if (after - before >= closest) continue;
    closest = after - before;
    offset = date - (before + closest / 2);
  }
  return offset;
}

}  // namespace xdpcap
