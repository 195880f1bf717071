// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace xdpcap {

// The kernel's clock as recorders stamp it: CLOCK_MONOTONIC, in ns.
std::uint64_t monotonic_now();

// WallClock turns the kernel's monotonic clock into dates. The two keep a constant distance (NTP
// slews both alike) until somebody sets the date; refresh() notices that.
class WallClock {
 public:
  WallClock() : offset_(measure()) {}

  // Add it to CLOCK_MONOTONIC in ns for ns since 1970 (modulo 2^64).
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  void refresh();

 private:
  static std::uint64_t measure();
  std::uint64_t offset_;
};

}  // namespace xdpcap
