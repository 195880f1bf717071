// SPDX-License-Identifier: BSD-3-Clause
// How long the reader rests between two looks at the rings.
#pragma once

#include <algorithm>
#include <cstdint>

namespace xdpcap {

// Naps: after each look the reader naps, so that packets gather for the next one. Naps are short
// while much comes and grow while little does: a trickle costs next to nothing, and shows up within
// the longest of them. After some in vain it sleeps until a packet comes.
class Naps {
 public:
  // After a look that found so many bytes in the fullest ring.
  void found(std::uint64_t bytes) {
    if (bytes == 0) return;
    in_vain_ = 0;
    length_ = bytes >= kMuch ? kShortest : std::min(2 * length_, kLongest);
  }
  // After a nap or a sleep.
  void woke() {
    if (is_over()) {
      length_ = kShortest;
    } else {
      ++in_vain_;
    }
  }

  // Whether it is time to sleep, and whether it will be after one more nap in vain.
  [[nodiscard]] bool is_over() const { return in_vain_ >= kBeforeSleep; }
  [[nodiscard]] bool is_last() const { return in_vain_ + 1 >= kBeforeSleep; }
  [[nodiscard]] int milliseconds() const { return length_; }

 private:
  static constexpr int kShortest = 5;
  static constexpr int kLongest = 20;
  static constexpr std::uint64_t kMuch = 16 << 10;
  static constexpr unsigned kBeforeSleep = 5;

  int length_ = kShortest;
  unsigned in_vain_ = 0;
};

}  // namespace xdpcap
