// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "chaos/failure.hpp"
#include "chaos/traffic.hpp"

namespace xdpcap::chaos {

inline constexpr unsigned kAllActions = (1U << kActions) - 1;

// Outages are the time windows in which a capture may have missed packets, each of one lane and
// some of its actions. A packet that was sent outside all of them must have been seen.
class Outages {
 public:
  static constexpr int kAllLanes = -1;
  using Id = std::size_t;

  Id open(int lane, unsigned actions, Time from = now()) {
    windows_.push_back({lane, actions, from, kNever});
    return windows_.size() - 1;
  }
  // A slot reads as filled before the kernel patches the jumps of running programs.
  void close(Id window) {
    constexpr Time kUntilJumpsArePatched = 100 * kMillisecond;
    windows_.at(window).to = now() + kUntilJumpsArePatched;
  }
  // There was no outage after all.
  void cancel(Id window) { windows_.at(window).to = windows_.at(window).from; }

  [[nodiscard]] bool covers(const Sent& packet) const {
    return std::any_of(windows_.begin(), windows_.end(), [&](const Window& one) {
      return one.is_of(packet.lane, packet.action) && packet.after >= one.from &&
             packet.before <= one.to;
    });
  }

 private:
  struct Window {
    int lane = kAllLanes;
    unsigned actions = 0;
    Time from = 0;
    Time to = kNever;

    [[nodiscard]] bool is_of(int of_lane, unsigned action) const {
      return (lane == kAllLanes || lane == of_lane) && (actions >> action & 1U) != 0;
    }
  };
  std::vector<Window> windows_;
};

}  // namespace xdpcap::chaos
