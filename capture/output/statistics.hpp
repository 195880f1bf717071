// SPDX-License-Identifier: BSD-3-Clause
// The counts of a capture, and their formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "output/pcapng.hpp"
#include "ring/control.hpp"

namespace xdpcap {

// An interface of the file: the packets of one source for which it returned one action.
struct CaptureInterface {
  std::size_t source;  // in the capture's list
  XdpAction action;

  bool operator==(const CaptureInterface&) const = default;
};

struct InterfaceStatistics {
  CaptureInterface interface;
  Counts counts;
  std::uint64_t written = 0;
  // Matched, but were not selected: by the budget, in the kernel, or by their fate.
  std::uint64_t left_out = 0;
  std::uint64_t kept = 0;     // in the memory of a flight recording
  std::uint64_t counted = 0;  // by a capture that only counts
  std::string fates = {};     // what became of them, pair by pair of devices
};

// The sum over all interfaces; the result's interface is meaningless.
InterfaceStatistics total(const std::vector<InterfaceStatistics>& statistics);

// The sums for each action over all sources, in the order in which the actions first appear.
std::vector<InterfaceStatistics> by_action(const std::vector<InterfaceStatistics>& statistics);

// The interfaces of one source.
std::vector<InterfaceStatistics> of_source(const std::vector<InterfaceStatistics>& statistics,
                                           std::size_t source);

// Packets that matched, should have been written, and are not in the output:
// matched = written + not selected + kept in memory + only counted + lost.
inline std::uint64_t lost(const InterfaceStatistics& one) {
  return one.counts.matched - one.written - one.left_out - one.kept - one.counted;
}

// "aborted: 0/0\tdrop: 10/3\t(received/matched packets)": xdpcap's line of each second.
std::string statistics_line(const std::vector<InterfaceStatistics>& statistics);

// The lines at the end, as tcpdump prints them: captured, matched, received, lost.
// `by`: what received them; `selected_by`: the options by which packets were selected.
std::string summary(const std::vector<InterfaceStatistics>& statistics,
                    const std::string& by = "the hook", const std::string& selected_by = "--fate");

// The same for a capture that only counts: matched, received.
std::string summary_of_counts(const std::vector<InterfaceStatistics>& statistics,
                              const std::string& by);

// One line about the packets that matched but are not in the output; empty if there are none.
std::string loss_line(const std::vector<InterfaceStatistics>& statistics);

// An Interface Statistics Block for each interface. Times in ns since 1970.
std::vector<pcapng::Bytes> statistics_blocks(const std::vector<InterfaceStatistics>& statistics,
                                             std::uint64_t start_time, std::uint64_t end_time);

}  // namespace xdpcap
