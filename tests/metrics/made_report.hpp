// SPDX-License-Identifier: BSD-3-Clause
// Reports of captures that never were.
#pragma once

#include <cstdint>

#include "session/reporter.hpp"

namespace xdpcap::test {

// Of one source that drops.
inline Report drops(std::uint64_t received, std::uint64_t matched, std::uint64_t written = 0) {
  Report report{.interfaces = {{.interface = {0, XdpAction(1)},
                                .counts = {.received = received, .matched = matched, .lost = 0},
                                .written = written}},
                .titles = {{.name = "eth0@lab", .label = "eth0@lab", .description = "hook /h"}},
                .output = {.file = "out.pcap", .files = 2, .bytes = 300},
                .date = 1'700'000'004'250'000'000,
                .elapsed = 4'000'000'000};
  return report;
}

// The same without an output.
inline Report only_counts(std::uint64_t received, std::uint64_t matched) {
  Report report = drops(received, matched);
  report.interfaces[0].counted = matched;
  report.only_counts = true;
  return report;
}

}  // namespace xdpcap::test
