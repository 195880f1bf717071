// SPDX-License-Identifier: BSD-3-Clause
#include "replay/replay_statistics.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include "base/text.hpp"
#include "replay/test_run.hpp"

namespace xdpcap {
namespace {

std::string packets(std::uint64_t count) {
  return counted(count, "packet");
}

template <class Counts>
std::uint64_t sum(const Counts& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::string action_name(std::uint32_t interface) {
  return interface < kKnownActions ? XdpAction(interface).name() : "other";
}

}  // namespace

std::string replay_interface_name(std::uint32_t interface) {
  return "XDP" + (interface == kBefore ? "before" : action_name(interface));
}

void ReplayStatistics::count_read(const SourcePacket& packet) {
  if (read_++ == 0) first_time_ = packet.time;
  last_time_ = std::max(last_time_, packet.time);
  if (packet.bytes.size() < packet.original_length) ++truncated_;
}

void ReplayStatistics::count_refused(std::size_t size) {
  ++(size < TestRun::kLeastBytes ? too_short_ : too_long_);
}

std::uint32_t ReplayStatistics::count_action(XdpAction action) {
  const std::uint32_t interface = std::min(action.value(), kOtherActions);
  ++received_.at(interface);
  return interface;
}

std::uint64_t ReplayStatistics::lost(std::span<const std::uint64_t> written) const {
  return sum(matched_) - sum(written.first(kBefore));
}

std::string ReplayStatistics::summary(std::span<const std::uint64_t> written) const {
  std::vector<std::string> actions;
  for (std::uint32_t i = 0; i < received_.size(); ++i) {
    if (received_.at(i) == 0) continue;
    actions.push_back(action_name(i) + " " + std::to_string(received_.at(i)));
  }
  return packets(read_) + " read\n" + packets(sum(received_)) + " run" +
         (actions.empty() ? "" : ": ") + join(actions, ", ") + "\n" + packets(sum(matched_)) +
         " matched the filter\n" + packets(sum(written.first(kBefore))) + " written\n";
}

std::string ReplayStatistics::shortcomings(std::span<const std::uint64_t> written) const {
  std::string lines;
  if (too_short_ > 0) {
    lines += packets(too_short_) + " not run: shorter than an Ethernet header\n";
  }
  if (too_long_ > 0) {
    lines += packets(too_long_) + " not run: longer than the kernel accepts for this program\n";
  }
  if (truncated_ > 0) {
    lines += packets(truncated_) +
             " truncated in the capture: the program saw only the captured bytes\n";
  }
  if (lost(written) > 0) lines += packets(lost(written)) + " lost: the output accepted no more\n";
  return lines;
}

std::vector<pcapng::Bytes> ReplayStatistics::blocks(std::span<const std::uint64_t> written) const {
  std::vector<pcapng::Bytes> blocks;
  for (std::uint32_t i = 0; i < received_.size(); ++i) {
    pcapng::Statistics statistics;
    statistics.interface_id = i;
    statistics.start_time = first_time_;
    statistics.end_time = last_time_;
    statistics.received = received_.at(i);
    statistics.matched = matched_.at(i);
    statistics.lost = matched_.at(i) - written[i];
    statistics.written = written[i];
    blocks.push_back(pcapng::interface_statistics(statistics));
  }
  return blocks;
}

}  // namespace xdpcap
