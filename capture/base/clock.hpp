// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

namespace xdpcap {

// The clock of the recorders' timestamps: CLOCK_MONOTONIC, in ns.
std::uint64_t monotonic_now();

// WallClock converts the kernel's monotonic clock to dates. The offset between the two is constant
// (NTP slews both alike) until the date is set; refresh() notices that.
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
