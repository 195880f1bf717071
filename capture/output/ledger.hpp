// SPDX-License-Identifier: BSD-3-Clause
// Divides the counts of a capture among its files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "output/statistics.hpp"

namespace xdpcap {

// Ledger remembers what earlier files have reported, so that each file reports its own packets, and
// all files together report every packet exactly once. In each, matched = written + not selected +
// lost: a packet still in a ring when a file ends belongs to the next one.
class Ledger {
 public:
  static constexpr std::size_t kWordsOfInterface = 4;

  // `in_flight`: the most packets (one for each CPU) that may be counted as received but not yet as
  // matched.
  Ledger(std::size_t interfaces, std::uint64_t in_flight)
      : in_flight_(in_flight), reported_(interfaces * kWordsOfInterface) {}

  // Returns what the file that ends now has to report, from the totals since the capture began. For
  // the last file, which reports the rest, the totals must be final.
  std::vector<InterfaceStatistics> close_file(const std::vector<InterfaceStatistics>& totals,
                                              bool last);

  // Of the packets that a file has reported as written, these (by interface) are not in it, and
  // neither is its report.
  void take_back(const std::vector<std::uint64_t>& missing);

  // The state, for restore().
  [[nodiscard]] std::span<const std::uint64_t> reported() const { return reported_; }
  void restore(std::span<const std::uint64_t> reported) {
    reported_.assign(reported.begin(), reported.end());
  }

 private:
  std::uint64_t in_flight_;
  // By interface: rejected by the filter, lost, written, not selected.
  std::vector<std::uint64_t> reported_;
};

}  // namespace xdpcap
