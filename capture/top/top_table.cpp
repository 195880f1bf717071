// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_table.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr double kSecond = 1e9;
constexpr const char* kNoReason = "(no reason)";

const std::string& name_of(const SourceTitle& title) {
  return title.label.empty() ? title.name : title.label;
}

std::string text_of(const ReasonEntry* reason) {
  return reason == nullptr ? kNoReason : reason->text + " (" + reason->place() + ")";
}

// "-> dropped ENETDOWN by device".
std::string text_of(const FateCount& one) {
  std::string text = "-> " + one.fate;
  if (!one.reason.empty()) text += " " + one.reason;
  if (one.fate == "dropped") text += " by " + one.by;
  return text;
}

// Empty for a hook that is named by its path.
std::string description_of(const SourceTitle& title) {
  return title.description == "hook " + name_of(title) ? "" : printable(title.description);
}

}  // namespace

void TopTable::begin_capture(std::vector<std::string> uncounted) {
  for (auto& [key, counter] : counters_) {
    counter.before += std::exchange(counter.now, 0);
    counter.is_seen = false;
  }
  elapsed_ = 0;
  uncounted_ = std::move(uncounted);
}

void TopTable::reset() {
  for (auto& [key, counter] : counters_) {
    counter.before = 0 - counter.now;  // modulo 2^64
    counter.row.packets = 0;
    counter.row.history.clear();
  }
  std::erase_if(counters_, [](const auto& entry) { return entry.second.row.is_gone; });
  total_ = {};
}

TopTable::Counter& TopTable::counter(const Key& key, const std::string& text) {
  const auto [entry, is_new] = counters_.try_emplace(key);
  Counter& counter = entry->second;
  counter.is_seen = true;
  if (is_new) {
    counter.row.kind = key.kind;
    if (key.action) counter.row.action = XdpAction(*key.action);
    if (key.kind == TopRow::Kind::source) counter.place = named_++;
  }
  counter.row.text = printable(text);
  return counter;
}

void TopTable::take(const Report& report) {
  using Kind = TopRow::Kind;
  for (std::size_t i = 0; i < report.titles.size(); ++i) {
    const SourceTitle& title = report.titles[i];
    Counter& source = counter({.source = name_of(title)}, name_of(title));
    source.row.description = description_of(title);
    source.is_idle = report.idle_sources.contains(i);
  }
  for (const InterfaceStatistics& one : report.interfaces) {
    const std::string& source = name_of(report.titles.at(one.interface.source));
    counters_[{.source = source}].now += one.counts.matched;
    if (one.counts.matched == 0) continue;
    const XdpAction action = one.interface.action;
    counter({source, action.value(), Kind::action, {}}, action.name()).now += one.counts.matched;
  }
  for (const ReasonCount& one : report.reason_counts) {
    if (one.packets == 0) continue;
    const Key key{name_of(report.titles.at(one.interface.source)), one.interface.action.value(),
                  Kind::reason, text_of(one.reason)};
    counter(key, key.text).now += one.packets;
  }
  for (const FateCount& one : report.fate_counts) {
    if (one.packets == 0) continue;
    const Key key{name_of(report.titles.at(one.source)), one.action.value(), Kind::fate,
                  text_of(one)};
    counter(key, key.text).now += one.packets;
  }
}

void TopTable::advance(TopRow& row, std::uint64_t packets, double seconds) {
  const std::uint64_t more = packets > row.packets ? packets - row.packets : 0;
  row.packets = packets;
  if (seconds <= 0) return;
  row.rate = static_cast<double>(more) / seconds;
  row.history.push_back(row.rate);
  if (row.history.size() > kHistory) row.history.pop_front();
}

void TopTable::update(const Report& report) {
  const double seconds = static_cast<double>(report.elapsed - elapsed_) / kSecond;
  elapsed_ = report.elapsed;
  for (auto& [key, counter] : counters_) {
    counter.now = 0;
    counter.is_seen = false;
  }
  take(report);
  std::uint64_t sum = 0;
  for (auto& [key, counter] : counters_) {
    const std::uint64_t packets = counter.before + counter.now;
    advance(counter.row, packets, seconds);
    if (key.kind == TopRow::Kind::source) {
      counter.row.is_gone = !counter.is_seen || (counter.is_idle && counter.row.rate == 0);
      sum += packets;
    }
  }
  for (auto& [key, counter] : counters_) {
    counter.row.is_gone = counters_[{.source = key.source}].row.is_gone;
  }
  advance(total_, sum, seconds);
}

TopTable::Children TopTable::children(const std::string& source,
                                      std::optional<std::uint32_t> action) const {
  Children children;
  for (const auto& entry : counters_) {
    const Key& key = entry.first;
    const bool is_action = key.kind == TopRow::Kind::action;
    if (key.source != source || key.kind == TopRow::Kind::source) continue;
    if (action ? key.action == action && !is_action : is_action) children.push_back(&entry);
  }
  // If no packet had a reason, that is not said of each action.
  const auto is_reason = [](const auto* entry) {
    return entry->first.kind == TopRow::Kind::reason;
  };
  if (std::ranges::count_if(children, is_reason) == 1) {
    std::erase_if(children, [](const auto* entry) { return entry->first.text == kNoReason; });
  }
  return children;
}

void TopTable::append(std::vector<TopRow>& rows, Children children, TopOrder order) const {
  const auto before = [order](const auto* one, const auto* other) {
    const auto rank = [order](const Key& key, const Counter& counter) {
      const bool by_rate = order == TopOrder::rate;
      const bool by_packets = order == TopOrder::packets || key.kind > TopRow::Kind::action;
      return std::tuple(key.kind, by_rate ? -counter.row.rate : 0.0,
                        by_packets ? ~counter.row.packets : 0, counter.place, key.action, key.text);
    };
    return rank(one->first, one->second) < rank(other->first, other->second);
  };
  std::sort(children.begin(), children.end(), before);
  for (const auto* entry : children) {
    const Key& key = entry->first;
    rows.push_back(entry->second.row);
    if (key.kind > TopRow::Kind::action) continue;
    append(rows, this->children(key.source, key.action), order);
  }
}

std::vector<TopRow> TopTable::rows(TopOrder order) const {
  Children sources;
  for (const auto& entry : counters_) {
    const TopRow& row = entry.second.row;
    const bool was_unused = !entry.second.is_seen && row.packets == 0;
    if (row.kind == TopRow::Kind::source && !was_unused) sources.push_back(&entry);
  }
  std::vector<TopRow> rows;
  append(rows, std::move(sources), order);
  for (const std::string& text : uncounted_) {
    TopRow& row = rows.emplace_back();
    row.kind = TopRow::Kind::uncounted;
    row.text = printable(text);
  }
  return rows;
}

std::size_t TopTable::sources() const {
  return static_cast<std::size_t>(std::ranges::count_if(counters_, [](const auto& entry) {
    return entry.first.kind == TopRow::Kind::source && !entry.second.row.is_gone;
  }));
}

}  // namespace xdpcap
