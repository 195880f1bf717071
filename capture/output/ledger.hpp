// SPDX-License-Identifier: BSD-3-Clause
// Divides the accounts of a capture among its files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "output/statistics.hpp"

namespace xdpcap {

// Ledger notes what the files before have told, so that each file tells about its own packets and
// all of them together about every packet, once. In each, matched = written + left out + lost: a
// packet that waits in a ring when a file ends belongs to the next one.
class Ledger {
 public:
  static constexpr std::size_t kWordsOfInterface = 4;

  // `in_flight`: so many packets at the most (one on each CPU) may be counted as received while it
  // is not counted yet that they matched.
  Ledger(std::size_t interfaces, std::uint64_t in_flight)
      : in_flight_(in_flight), reported_(interfaces * kWordsOfInterface) {}

  // What the file that ends now has to tell, of what has happened since the capture began. For the
  // last one the totals have to be final: it tells all that is left.
  std::vector<InterfaceStatistics> close_file(const std::vector<InterfaceStatistics>& totals,
                                              bool last);

  // All that it knows.
  [[nodiscard]] std::span<const std::uint64_t> reported() const { return reported_; }
  void restore(std::span<const std::uint64_t> told) { reported_.assign(told.begin(), told.end()); }

 private:
  std::uint64_t in_flight_;
  // By interface: rejected by the filter, lost, written, left out.
  std::vector<std::uint64_t> reported_;
};

}  // namespace xdpcap
