// SPDX-License-Identifier: BSD-3-Clause
#include "fate/fate_counts.hpp"

#include <linux/bpf.h>

#include "fate/outcome.hpp"
#include "fate/pair_table.hpp"

namespace xdpcap {
namespace {

std::string reason_of_exception(std::uint32_t action) {
  if (action == XDP_TX) return "tx-failed";
  return action == XDP_REDIRECT ? "redirect-failed" : "invalid-action";
}

// Of one packet each.
FateCount of_packets(const PairCount& one) {
  FateCount count{.source = one.pair.source,
                  .action = XdpAction(action_of(one.pair)),
                  .fate = "dropped",
                  .reason = {},
                  .by = "xdp",
                  .packets = one.count.packets};
  if (one.pair.report == XDPCAP_REPORT_REDIRECT) {
    if (one.pair.error == 0) {
      count.fate = name_of(Outcome::redirected);
    } else {
      count.reason = errno_name(-one.pair.error);
    }
  } else if (one.pair.action == XDP_ABORTED) {
    count.fate = name_of(Outcome::aborted);
  } else {
    count.reason = reason_of_exception(one.pair.action);
  }
  return count;
}

bool is_bulk(const xdpcap_pair& pair) {
  return pair.report != XDPCAP_REPORT_REDIRECT && pair.report != XDPCAP_REPORT_EXCEPTION;
}

}  // namespace

void FateSums::add(const std::vector<PairCount>& pairs) {
  for (const PairCount& one : pairs) {
    if (!is_bulk(one.pair)) {
      add(of_packets(one));
      continue;
    }
    FateCount count{.source = one.pair.source,
                    .action = XdpAction(action_of(one.pair)),
                    .fate = "sent",
                    .reason = {},
                    .by = "device",
                    .packets = one.count.packets};
    if (count.packets > 0) add(count);
    count.fate = "dropped";
    count.reason = one.pair.error != 0 ? errno_name(-one.pair.error) : "full";
    count.packets = one.count.dropped;
    if (count.packets > 0) add(count);
  }
}

std::vector<FateCount> FateSums::all() const {
  std::vector<FateCount> counts;
  for (const auto& [key, packets] : sums_) {
    counts.push_back({.source = key.source,
                      .action = XdpAction(key.action),
                      .fate = key.fate,
                      .reason = key.reason,
                      .by = key.by,
                      .packets = packets});
  }
  return counts;
}

}  // namespace xdpcap
