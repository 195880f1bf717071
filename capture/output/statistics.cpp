// SPDX-License-Identifier: BSD-3-Clause
#include "output/statistics.hpp"

#include <algorithm>
#include <iterator>
#include <sstream>

#include "base/text.hpp"

namespace xdpcap {
namespace {

std::string packets(std::uint64_t count) {
  return counted(count, "packet");
}

void add(InterfaceStatistics& sum, const InterfaceStatistics& one) {
  sum.counts.received += one.counts.received;
  sum.counts.matched += one.counts.matched;
  sum.counts.lost += one.counts.lost;
  sum.written += one.written;
  sum.left_out += one.left_out;
  sum.kept += one.kept;
  sum.counted += one.counted;
}

}  // namespace

InterfaceStatistics total(const std::vector<InterfaceStatistics>& statistics) {
  InterfaceStatistics totals{.interface = {0, XdpAction(0)}, .counts = {}};
  for (const InterfaceStatistics& one : statistics) add(totals, one);
  return totals;
}

std::vector<InterfaceStatistics> by_action(const std::vector<InterfaceStatistics>& statistics) {
  std::vector<InterfaceStatistics> sums;
  for (const InterfaceStatistics& one : statistics) {
    const auto sum = std::find_if(sums.begin(), sums.end(), [&](const InterfaceStatistics& other) {
      return other.interface.action == one.interface.action;
    });
    if (sum == sums.end()) {
      sums.push_back(one);
    } else {
      add(*sum, one);
    }
  }
  return sums;
}

std::vector<InterfaceStatistics> of_source(const std::vector<InterfaceStatistics>& statistics,
                                           std::size_t source) {
  std::vector<InterfaceStatistics> its;
  std::copy_if(statistics.begin(), statistics.end(), std::back_inserter(its),
               [&](const InterfaceStatistics& one) { return one.interface.source == source; });
  return its;
}

std::string statistics_line(const std::vector<InterfaceStatistics>& statistics) {
  std::ostringstream line;
  for (const InterfaceStatistics& one : by_action(statistics)) {
    line << one.interface.action.name() << ": " << one.counts.received << '/' << one.counts.matched
         << '\t';
  }
  line << "(received/matched packets)";
  const std::uint64_t lost = total(statistics).counts.lost;
  if (lost > 0) line << "\tlost: " << lost;
  line << '\n';
  return line.str();
}

std::string summary(const std::vector<InterfaceStatistics>& statistics, const std::string& by,
                    const std::string& selected_by) {
  const InterfaceStatistics totals = total(statistics);
  return packets(totals.written) + " captured\n" + packets(totals.counts.matched) +
         " matched the filter\n" + packets(totals.counts.received) + " received by " + by + "\n" +
         (totals.left_out > 0 ? packets(totals.left_out) + " not selected (" + selected_by + ")\n"
                              : "") +
         (totals.kept > 0 ? packets(totals.kept) + " in memory\n" : "") + packets(lost(totals)) +
         " lost\n";
}

// Packets are lost only if what the network stack does with them is followed (--stack).
std::string summary_of_counts(const std::vector<InterfaceStatistics>& statistics,
                              const std::string& by) {
  const InterfaceStatistics totals = total(statistics);
  return packets(totals.counts.matched) + " matched the filter\n" +
         packets(totals.counts.received) + " received by " + by + "\n";
}

std::string loss_line(const std::vector<InterfaceStatistics>& statistics) {
  const InterfaceStatistics totals = total(statistics);
  const std::uint64_t lost = xdpcap::lost(totals);
  if (lost == 0) return {};
  if (totals.counted > 0) {
    return packets(lost) + " of " + std::to_string(totals.counts.matched) +
           " that matched could not be followed: try a narrower filter or a larger --buffer\n";
  }
  return packets(lost) + " lost of " + std::to_string(totals.counts.matched) +
         " that matched: try a narrower filter, a larger -buffer or a faster output\n";
}

std::vector<pcapng::Bytes> statistics_blocks(const std::vector<InterfaceStatistics>& statistics,
                                             std::uint64_t start_time, std::uint64_t end_time) {
  std::vector<pcapng::Bytes> blocks;
  for (const InterfaceStatistics& one : statistics) {
    blocks.push_back(
        pcapng::interface_statistics({.interface_id = static_cast<std::uint32_t>(blocks.size()),
                                      .start_time = start_time,
                                      .end_time = end_time,
                                      .received = one.counts.received,
                                      .matched = one.counts.matched,
                                      .lost = lost(one),
                                      .written = one.written,
                                      .comment = one.fates}));
  }
  return blocks;
}

}  // namespace xdpcap
