// SPDX-License-Identifier: BSD-3-Clause
// How long the reader pauses between two polls of the rings.
#pragma once

#include <algorithm>
#include <cstdint>

namespace xdpcap {

// Backoff is the reader's pause after each poll, in which packets accumulate. It is short at high
// rates and grows at low ones, so that a trickle costs next to nothing and still shows up within
// the longest pause. After several pauses without a packet the reader sleeps until one arrives.
class Backoff {
 public:
  // After a poll that found this many bytes in the fullest ring.
  void found(std::uint64_t bytes) {
    if (bytes == 0) return;
    empty_looks_ = 0;
    length_ = bytes >= kMuch ? kShortest : std::min(2 * length_, kLongest);
  }
  // After a pause or a sleep.
  void woke() {
    if (is_over()) {
      length_ = kShortest;
    } else {
      ++empty_looks_;
    }
  }

  // Whether to sleep now, and whether to sleep after one more pause without a packet.
  [[nodiscard]] bool is_over() const { return empty_looks_ >= kBeforeSleep; }
  [[nodiscard]] bool is_last() const { return empty_looks_ + 1 >= kBeforeSleep; }
  [[nodiscard]] int milliseconds() const { return length_; }

 private:
  static constexpr int kShortest = 5;
  static constexpr int kLongest = 20;
  static constexpr std::uint64_t kMuch = 16 << 10;
  static constexpr unsigned kBeforeSleep = 5;

  int length_ = kShortest;
  unsigned empty_looks_ = 0;
};

}  // namespace xdpcap
