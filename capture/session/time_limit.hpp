// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace xdpcap {

// TimeLimit is a time between the packets of a file (--since, --until).
class TimeLimit {
 public:
  // "2026-11-27 12:00:05.25" or "Nov 27, 2026 12:00:05" in local time (with Z at the end: UTC),
  // seconds since 1970, "+1.5" for seconds after the file's first packet, or "12:00:05" on the day
  // of that packet. Throws UsageError.
  static TimeLimit parse(const std::string& text);

  // In ns since 1970, if the first packet has this time.
  [[nodiscard]] std::uint64_t after(std::uint64_t first_packet) const;

 private:
  enum class Kind : std::uint8_t { absolute, after_first, of_day };
  TimeLimit(Kind kind, std::uint64_t time) : kind_(kind), time_(time) {}

  Kind kind_;
  std::uint64_t time_;  // ns
};

}  // namespace xdpcap
