// SPDX-License-Identifier: BSD-3-Clause
#include "fate/pair_table.hpp"

#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <iomanip>
#include <map>
#include <sstream>
#include <string_view>
#include <utility>

#include "fate/outcome.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kHeading = "from -> to";

// Redirected and refused count packets that programs redirected; sent and dropped are what the
// devices then reported in bulk.
struct Row {
  std::uint64_t redirected = 0;
  std::uint64_t refused = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  std::map<std::string, std::uint64_t> reasons;
};

std::string map_name(const xdpcap_pair& pair) {
  const std::uint32_t type = pair.map_type != 0 ? pair.map_type : Names::map_type(pair.map_id);
  return map_kind(type) + "#" + std::to_string(pair.map_id);
}

std::string from_name(const xdpcap_pair& pair, const Names& names) {
  return pair.report == XDPCAP_REPORT_ENQUEUE ? "any" : names.device(pair.from);
}

std::string to_name(const xdpcap_pair& pair, const Names& names) {
  if (pair.report == XDPCAP_REPORT_EXCEPTION) return "-";
  if (pair.report == XDPCAP_REPORT_ENQUEUE) {
    return map_name(pair) + " cpu" + std::to_string(pair.to.index);
  }
  return pair.to.index != 0 ? names.device(pair.to) : map_name(pair);
}

std::string reason_of(const xdpcap_pair& pair) {
  if (pair.error != 0) return errno_name(-pair.error);
  if (pair.report != XDPCAP_REPORT_EXCEPTION) return "full";
  if (pair.action == XDP_ABORTED) return "aborted";
  return pair.action == XDP_TX ? "tx-failed" : "invalid-action";
}

// The number of packets of a report that were not sent.
std::uint64_t failures(const PairCount& one) {
  if (one.pair.report == XDPCAP_REPORT_EXCEPTION) return one.count.packets;
  const bool refused = one.pair.report == XDPCAP_REPORT_REDIRECT && one.pair.error != 0;
  return refused ? one.count.packets : one.count.dropped;
}

void add(Row& row, const PairCount& one) {
  switch (one.pair.report) {
    case XDPCAP_REPORT_REDIRECT:
      (one.pair.error == 0 ? row.redirected : row.refused) += one.count.packets;
      break;
    case XDPCAP_REPORT_EXCEPTION:
      row.refused += one.count.packets;
      break;
    default:
      row.sent += one.count.packets;
      row.dropped += one.count.dropped;
  }
}

std::string explain_error(int error_number, const std::string& to) {
  switch (error_number) {
    case EOPNOTSUPP:
      return to +
             " accepts no frames from XDP: its driver has no ndo_xdp_xmit, or it is a veth whose "
             "peer has no XDP program; attach one there, or redirect elsewhere";
    case ENXIO:
      return "the peer of " + to +
             " has no XDP program or NAPI: frames sent into it are dropped; "
             "attach a program there (GRO alone would let those of XDP_TX wait)";
    case ENETDOWN:
      return to + " is down; ip link set it up";
    case EMSGSIZE:
      return "frames longer than the MTU of " + to + "; raise it, or send shorter ones";
    case EINVAL:
      return "no device has that index, or it is in another namespace; look at what the program "
             "redirects to";
    case EOVERFLOW:
      return "no headroom; leave some with bpf_xdp_adjust_head()";
    case ENOSPC:
    case ENOBUFS:
      return "the queue of " + to + " was full; make it longer, or its consumer faster";
    default:
      return {};
  }
}

std::string explain_exception(std::uint32_t action) {
  if (action == XDP_ABORTED) {
    return "the program returned XDP_ABORTED, or bpf_redirect_map() found nothing under its key "
           "and no other action in its flags; look for the error, or fill the map";
  }
  if (action == XDP_TX) return "the device could not send them back; look at its tx queue";
  return "the program returned " + std::to_string(action) + ", which is not an action";
}

std::string format(const std::vector<std::pair<std::string, Row>>& rows, std::size_t width) {
  std::ostringstream text;
  const auto line = [&](std::string_view name, const auto&... columns) {
    text << std::left << std::setw(static_cast<int>(width)) << name << std::right;
    ((text << std::setw(12) << columns), ...);
    text << '\n';
  };
  line(kHeading, "redirected", "refused", "sent", "dropped");
  for (const auto& [name, row] : rows) {
    line(name, row.redirected, row.refused, row.sent, row.dropped);
    for (const auto& [reason, count] : row.reasons) {
      text << "    " << count << ' ' << reason << '\n';
    }
  }
  return text.str();
}

}  // namespace

std::uint32_t action_of(const xdpcap_pair& pair) {
  if (pair.report == XDPCAP_REPORT_EXCEPTION) return pair.action;
  return pair.report == XDPCAP_REPORT_TX ? XDP_TX : XDP_REDIRECT;
}

std::string explain(const xdpcap_pair& pair, const std::string& from, const std::string& to) {
  if (pair.report == XDPCAP_REPORT_EXCEPTION) return explain_exception(pair.action);
  if (pair.error != 0) {
    return explain_error(-pair.error, pair.report == XDPCAP_REPORT_TX ? from : to);
  }
  if (pair.report == XDPCAP_REPORT_ENQUEUE) {
    return "the CPU's queue was full; give the cpumap's entry a larger qsize, or use more CPUs";
  }
  return "the queue of " + to + " was full; it, or its consumer, is too slow";
}

std::string pair_table(const std::vector<PairCount>& pairs, std::uint64_t uncounted,
                       const Names& names) {
  std::map<std::string, Row> rows;
  std::size_t width = kHeading.size();
  for (const PairCount& one : pairs) {
    const std::string from = from_name(one.pair, names);
    const std::string to = to_name(one.pair, names);
    const std::string name = std::string(from).append(" -> ").append(to);
    width = std::max(width, name.size());
    Row& row = rows[name];
    add(row, one);
    if (failures(one) == 0) continue;
    row.reasons[reason_of(one.pair) + ": " + explain(one.pair, from, to)] += failures(one);
  }
  if (rows.empty()) return {};
  std::string text = format({rows.begin(), rows.end()}, width);
  if (uncounted > 0) text += std::to_string(uncounted) + " reports of other pairs\n";
  return text;
}

}  // namespace xdpcap
