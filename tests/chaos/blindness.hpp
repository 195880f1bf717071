// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "chaos/failure.hpp"
#include "chaos/traffic.hpp"

namespace xdpcap::chaos {

inline constexpr unsigned kAllActions = (1U << kActions) - 1;

// Blindness is when a capture may have missed packets: windows in time, each of one lane and some
// of its actions. A packet that was sent outside all of them must have been seen.
class Blindness {
 public:
  static constexpr int kAllLanes = -1;
  using Id = std::size_t;

  Id open(int lane, unsigned actions, Time from = now()) {
    windows_.push_back({lane, actions, from, kNever});
    return windows_.size() - 1;
  }
  // The kernel makes a slot readable before it patches the jumps of programs that run.
  void close(Id window) {
    constexpr Time kUntilJumpsArePatched = 100 * kMillisecond;
    windows_.at(window).to = now() + kUntilJumpsArePatched;
  }
  // It was none after all.
  void cancel(Id window) { windows_.at(window).to = windows_.at(window).from; }

  [[nodiscard]] bool covers(const Sent& packet) const {
    for (const Window& one : windows_) {
      if (one.is_of(packet.lane, packet.action) && packet.after >= one.from &&
          packet.before <= one.to) {
        return true;
      }
    }
    return false;
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
