// SPDX-License-Identifier: BSD-3-Clause
#include "output/statistics.hpp"

#include <sstream>

#include "base/text.hpp"

namespace xdpcap {
namespace {

std::string packets(std::uint64_t count) {
  return counted(count, "packet");
}

}  // namespace

ActionStatistics total(const std::vector<ActionStatistics>& statistics) {
  ActionStatistics totals{.action = XdpAction(0), .counts = {}};
  for (const ActionStatistics& one : statistics) {
    totals.counts.received += one.counts.received;
    totals.counts.matched += one.counts.matched;
    totals.counts.lost += one.counts.lost;
    totals.written += one.written;
    totals.left_out += one.left_out;
  }
  return totals;
}

std::string statistics_line(const std::vector<ActionStatistics>& statistics) {
  std::ostringstream line;
  for (const ActionStatistics& one : statistics) {
    line << one.action.name() << ": " << one.counts.received << '/' << one.counts.matched << '\t';
  }
  line << "(received/matched packets)";
  const std::uint64_t lost = total(statistics).counts.lost;
  if (lost > 0) line << "\tlost: " << lost;
  line << '\n';
  return line.str();
}

std::string summary(const std::vector<ActionStatistics>& statistics) {
  const ActionStatistics totals = total(statistics);
  return packets(totals.written) + " captured\n" + packets(totals.counts.matched) +
         " matched the filter\n" + packets(totals.counts.received) + " received by the hook\n" +
         (totals.left_out > 0 ? packets(totals.left_out) + " not selected (--fate)\n" : "") +
         packets(lost(totals)) + " lost\n";
}

std::string loss_line(const std::vector<ActionStatistics>& statistics) {
  const ActionStatistics totals = total(statistics);
  const std::uint64_t lost = xdpcap::lost(totals);
  if (lost == 0) return {};
  return packets(lost) + " lost of " + std::to_string(totals.counts.matched) +
         " that matched: try a narrower filter, a larger -buffer or a faster output\n";
}

std::vector<pcapng::Bytes> statistics_blocks(const std::vector<ActionStatistics>& statistics,
                                             std::uint64_t start_time, std::uint64_t end_time) {
  std::vector<pcapng::Bytes> blocks;
  for (const ActionStatistics& one : statistics) {
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
