// SPDX-License-Identifier: BSD-3-Clause
// Reports of a capture of two sources, with made counts.
#pragma once

#include <linux/bpf.h>

#include <cstdint>

#include "session/reporter.hpp"

namespace xdpcap::test {

inline const ReasonEntry kBlocked{.line = 7, .text = "source is blocked", .file = "fw.bpf.c"};

// After `seconds`: so many packets dropped by eth0, with a reason, and redirected by eth1.
inline Report made_report(std::uint64_t seconds, std::uint64_t dropped, std::uint64_t redirected) {
  const CaptureInterface drop{0, XdpAction(XDP_DROP)};
  const CaptureInterface redirect{1, XdpAction(XDP_REDIRECT)};
  Report report;
  report.titles = {{.name = "eth0", .label = "eth0", .description = "hook /h"},
                   {.name = "eth1", .label = "eth1", .description = "program 5, traced"}};
  report.interfaces = {{.interface = drop, .counts = {dropped, dropped, 0}},
                       {.interface = {0, XdpAction(XDP_PASS)}, .counts = {}},
                       {.interface = redirect, .counts = {redirected, redirected, 0}}};
  report.reason_counts = {{drop, &kBlocked, dropped}, {drop, nullptr, 0}};
  report.fate_counts = {{1, XdpAction(XDP_REDIRECT), "dropped", "ENETDOWN", "device", redirected}};
  report.elapsed = seconds * 1'000'000'000;
  return report;
}

}  // namespace xdpcap::test
