// SPDX-License-Identifier: BSD-3-Clause
// The counts of a recording.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

#include "reason/reason_table.hpp"
#include "session/recording.hpp"

namespace xdpcap {
namespace {

// Packets that are still in the rings after the last written one do not count.
void subtract_surplus(InterfaceStatistics& one) {
  const std::uint64_t surplus = lost(one) - one.counts.lost;
  one.counts.matched -= surplus;
  one.counts.received -= surplus;
}

}  // namespace

std::vector<InterfaceStatistics> Recording::statistics() const {
  std::vector<InterfaceStatistics> statistics;
  for (std::uint32_t row = 0; row < interfaces_.size(); ++row) {
    const Counts counts = control_.read(row);
    InterfaceStatistics one{.interface = interfaces_[row],
                            .counts = counts,
                            .written = files_.current().written()[row],
                            .left_out = counts.left_out + (fates_ ? fates_->left_out()[row] : 0)};
    if (flight_) {
      one.written = flight_->written()[row];
      one.left_out += flight_->left_out()[row];
      one.kept = flight_->kept(row);
    }
    if (options_.only_counts) one.counted = counts.matched - counts.lost;
    // The counts of a capture that has reached its limit end with its last packet.
    if (files_.limit_reached()) subtract_surplus(one);
    statistics.push_back(std::move(one));
  }
  return statistics;
}

std::vector<InterfaceStatistics> Recording::final_statistics() const {
  std::vector<InterfaceStatistics> all = statistics();
  const auto reasons = reasons_ ? reasons_->counts(all) : std::vector<ReasonCount>();
  for (std::uint32_t id = 0; id < all.size(); ++id) {
    std::vector<ReasonCount> its;
    std::ranges::copy_if(reasons, std::back_inserter(its),
                         [&](const ReasonCount& one) { return one.interface == interfaces_[id]; });
    all[id].tables = reason_table(std::move(its), {});
    if (fates_) all[id].tables += fates_->table(id, interfaces_);
  }
  return all;
}

}  // namespace xdpcap
