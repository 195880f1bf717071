// SPDX-License-Identifier: BSD-3-Clause
#include "fate/stack_counts.hpp"

#include <algorithm>
#include <cstddef>
#include <iomanip>
#include <sstream>
#include <string_view>

#include "base/json_text.hpp"
#include "fate/drop_reasons.hpp"
#include "fate/outcome.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kTo = " -> stack";

std::string fate_name(std::uint32_t state) {
  xdpcap_fate fate{};
  fate.state = state;
  return name_of(outcome_of(fate, true));
}

}  // namespace

void StackCounts::add(Row& row, const Key& key, std::uint64_t count) {
  switch (key.state) {
    case XDPCAP_FATE_STACK_DELIVERED:
      row.delivered += count;
      break;
    case XDPCAP_FATE_STACK_CONSUMED:
      row.consumed += count;
      break;
    case XDPCAP_FATE_STACK_FORWARDED:
      row.forwarded += count;
      break;
    case XDPCAP_FATE_STACK_DROPPED:
      row.dropped += count;
      row.reasons[drop_reason(static_cast<std::uint32_t>(key.reason))] += count;
      break;
    default:
      row.passed += count;
  }
}

StackCounts::Rows StackCounts::rows(const Names& names, const Selected& selected,
                                    const SourceName& source) const {
  Rows rows;
  for (const auto& [key, count] : counts_) {
    if (!selected(key.interface_id)) continue;
    // Packets that could not be followed have no namespace.
    std::uint32_t network = key.network;
    for (const auto& [other, unused] : counts_) {
      if (network == 0 && other.ingress == key.ingress) network = other.network;
    }
    const std::string name = names.device({key.ingress, network});
    add(rows[source ? source(key.interface_id) + ": " + name : name], key, count);
  }
  return rows;
}

std::string StackCounts::table(const Names& names, const Selected& selected,
                               const SourceName& source) const {
  const Rows all = rows(names, selected, source);
  if (all.empty()) return {};
  const std::string heading = std::string(source ? "source: from" : "from") + std::string(kTo);
  std::size_t width = heading.size();
  for (const auto& [name, row] : all) width = std::max(width, name.size() + kTo.size());
  std::ostringstream text;
  const auto line = [&](const std::string& name, const auto&... columns) {
    text << std::left << std::setw(static_cast<int>(width)) << name << std::right;
    ((text << std::setw(12) << columns), ...);
    text << '\n';
  };
  line(heading, "passed", "delivered", "consumed", "forwarded", "dropped");
  for (const auto& [name, row] : all) {
    line(name + std::string(kTo), row.passed, row.delivered, row.consumed, row.forwarded,
         row.dropped);
    for (const auto& [reason, count] : row.reasons) {
      const std::string_view explanation = explain_drop_reason(reason);
      text << "    " << count << ' ' << reason << (explanation.empty() ? "" : ": ") << explanation
           << '\n';
    }
  }
  return text.str();
}

std::string StackCounts::as_json(const Names& names, const Selected& selected) const {
  std::string array;
  for (const auto& [name, row] : rows(names, selected, {})) {
    std::string reasons;
    for (const auto& [reason, count] : row.reasons) {
      reasons += (reasons.empty() ? "" : ",") + json_member(reason, count);
    }
    array += (array.empty() ? "{" : ",{") + json_member("from", name) + R"(,"to":"stack",)" +
             json_member("passed", row.passed) + "," + json_member("delivered", row.delivered) +
             "," + json_member("consumed", row.consumed) + "," +
             json_member("forwarded", row.forwarded) + "," + json_member("dropped", row.dropped) +
             R"(,"reasons":{)" + reasons + "}}";
  }
  return array;
}

void StackCounts::add_to(FateSums& sums, const std::vector<CaptureInterface>& interfaces) const {
  for (const auto& [key, count] : counts_) {
    const bool dropped = key.state == XDPCAP_FATE_STACK_DROPPED;
    const CaptureInterface& interface = interfaces.at(key.interface_id);
    sums.add({.source = interface.source,
              .action = interface.action,
              .fate = fate_name(key.state),
              .reason = dropped ? drop_reason(static_cast<std::uint32_t>(key.reason)) : "",
              .by = "stack",
              .packets = count});
  }
}

}  // namespace xdpcap
