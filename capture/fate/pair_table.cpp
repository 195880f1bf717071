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

#include "base/json_text.hpp"
#include "fate/outcome.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kHeading = "from -> to";
constexpr std::string_view kHeadingWithSources = "source: from -> to";

// Redirected and refused count packets that programs redirected; sent and dropped are what the
// devices then reported in bulk.
struct Row {
  std::string from;
  std::string to;
  std::uint64_t redirected = 0;
  std::uint64_t refused = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  std::map<std::string, std::uint64_t> reasons;  // "ENETDOWN: eth1 is down"

  [[nodiscard]] std::string name() const { return from + " -> " + to; }
};

// By source and name. Without `by_source`, the sources are one.
using Rows = std::map<std::pair<std::uint32_t, std::string>, Row>;

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

Rows rows_of(const std::vector<PairCount>& pairs, const Names& names, bool by_source) {
  Rows rows;
  for (const PairCount& one : pairs) {
    const Row its{
        .from = from_name(one.pair, names), .to = to_name(one.pair, names), .reasons = {}};
    const std::uint32_t source = by_source ? one.pair.source : 0;
    Row& row = rows.try_emplace({source, its.name()}, its).first->second;
    add(row, one);
    if (failures(one) == 0) continue;
    row.reasons[reason_of(one.pair) + ": " + explain(one.pair, row.from, row.to)] += failures(one);
  }
  return rows;
}

std::string format(const std::vector<std::pair<std::string, const Row*>>& rows,
                   std::string_view heading) {
  std::size_t width = heading.size();
  for (const auto& [name, row] : rows) width = std::max(width, name.size());
  std::ostringstream text;
  const auto line = [&](std::string_view name, const auto&... columns) {
    text << std::left << std::setw(static_cast<int>(width)) << name << std::right;
    ((text << std::setw(12) << columns), ...);
    text << '\n';
  };
  line(heading, "redirected", "refused", "sent", "dropped");
  for (const auto& [name, row] : rows) {
    line(name, row->redirected, row->refused, row->sent, row->dropped);
    for (const auto& [reason, count] : row->reasons) {
      text << "    " << count << ' ' << reason << '\n';
    }
  }
  return text.str();
}

std::string as_json(const Row& row) {
  std::map<std::string, std::uint64_t> reasons;
  for (const auto& [reason, count] : row.reasons)
    reasons[reason.substr(0, reason.find(':'))] += count;
  std::string object;
  for (const auto& [reason, count] : reasons) {
    object += (object.empty() ? "" : ",") + json_member(reason, count);
  }
  return "{" + json_member("from", row.from) + "," + json_member("to", row.to) + "," +
         json_member("redirected", row.redirected) + "," + json_member("refused", row.refused) +
         "," + json_member("sent", row.sent) + "," + json_member("dropped", row.dropped) +
         R"(,"reasons":{)" + object + "}}";
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
                       const Names& names, const std::vector<std::string>& sources) {
  const Rows rows = rows_of(pairs, names, !sources.empty());
  if (rows.empty()) return {};
  std::vector<std::pair<std::string, const Row*>> named;
  for (const auto& [key, row] : rows) {
    const std::string source = sources.empty() ? "" : sources.at(key.first) + ": ";
    named.emplace_back(source + key.second, &row);
  }
  std::string text = format(named, sources.empty() ? kHeading : kHeadingWithSources);
  if (uncounted > 0) text += std::to_string(uncounted) + " reports of other pairs\n";
  return text;
}

std::string pairs_as_json(const std::vector<PairCount>& pairs, const Names& names) {
  std::string array;
  for (const auto& [key, row] : rows_of(pairs, names, false)) {
    array += (array.empty() ? "" : ",") + as_json(row);
  }
  return "[" + array + "]";
}

}  // namespace xdpcap
