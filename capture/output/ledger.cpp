// SPDX-License-Identifier: BSD-3-Clause
#include "output/ledger.hpp"

#include <algorithm>
#include <utility>

namespace xdpcap {
namespace {

std::uint64_t advance(std::uint64_t& reported, std::uint64_t now) {
  const std::uint64_t more = now - std::min(reported, now);
  reported += more;
  return more;
}

}  // namespace

std::vector<InterfaceStatistics> Ledger::close_file(const std::vector<InterfaceStatistics>& totals,
                                                    bool last) {
  std::vector<InterfaceStatistics> file;
  std::uint64_t* reported = reported_.data();
  for (const InterfaceStatistics& total : totals) {
    const Counts& counts = total.counts;
    // While the counters run, never report too many: the last file could not correct that.
    const std::uint64_t all_rejected = counts.received - counts.matched;
    const std::uint64_t certain = all_rejected - std::min(all_rejected, last ? 0 : in_flight_);
    const std::uint64_t rejected = advance(reported[0], certain);
    const std::uint64_t lost = advance(reported[1], last ? xdpcap::lost(total) : counts.lost);
    const std::uint64_t written = advance(reported[2], total.written);
    const std::uint64_t left_out = advance(reported[3], total.left_out);
    const std::uint64_t matched = written + left_out + lost;
    InterfaceStatistics one = total;
    one.counts = {.received = rejected + matched, .matched = matched, .lost = lost};
    one.written = written;
    one.left_out = left_out;
    one.kept = 0;
    one.counted = 0;
    file.push_back(std::move(one));
    reported += kWordsOfInterface;
  }
  return file;
}

void Ledger::take_back(const std::vector<std::uint64_t>& missing) {
  for (std::size_t i = 0; i < missing.size(); ++i) {
    std::uint64_t& written = reported_[i * kWordsOfInterface + 2];
    written -= std::min(written, missing[i]);
  }
}

}  // namespace xdpcap
