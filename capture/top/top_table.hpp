// SPDX-License-Identifier: BSD-3-Clause
// The rows of the live view: sources, their actions, and the reasons and fates of each.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "session/reporter.hpp"

namespace xdpcap {

// The order of rows beneath the same one.
enum class TopOrder : std::uint8_t {
  fixed,    // sources as named, actions by number, the others by packets
  rate,     // in the last second
  packets,  // in all
};

struct TopRow {
  enum class Kind : std::uint8_t { source, action, reason, fate, uncounted };

  Kind kind = Kind::source;
  std::string text;
  std::string description;          // of a source: where its packets come from
  std::optional<XdpAction> action;  // of an action and what is beneath it
  std::uint64_t packets = 0;
  double rate = 0;             // packets a second, in the last one
  std::deque<double> history;  // of the rate; the newest is the last
  bool is_gone = false;        // its source is no longer counted, or nothing is attached there
};

// TopTable lives longer than a capture: when the sources change, another capture follows, and its
// counts are added.
class TopTable {
 public:
  static constexpr std::size_t kHistory = 60;  // seconds

  // The next report counts from 0. `uncounted`: what is known but cannot be counted, and why.
  void begin_capture(std::vector<std::string> uncounted = {});
  void update(const Report& report);
  // Forgets all packets so far.
  void reset();

  [[nodiscard]] std::vector<TopRow> rows(TopOrder order) const;
  [[nodiscard]] std::size_t sources() const;  // that are counted
  // The sum over all sources.
  [[nodiscard]] const TopRow& total() const { return total_; }

 private:
  // A source has an empty action, and an action an empty text.
  struct Key {
    std::string source;
    std::optional<std::uint32_t> action = {};
    TopRow::Kind kind = TopRow::Kind::source;
    std::string text = {};
    auto operator<=>(const Key&) const = default;
  };
  struct Counter {
    TopRow row;
    std::size_t place = 0;     // of a source
    std::uint64_t before = 0;  // this capture
    std::uint64_t now = 0;     // in this capture
    bool is_seen = false;      // in the last report
    bool is_idle = false;      // a source, in the last report
  };
  using Children = std::vector<const std::pair<const Key, Counter>*>;

  Counter& counter(const Key& key, const std::string& text);
  void take(const Report& report);
  static void advance(TopRow& row, std::uint64_t packets, double seconds);
  [[nodiscard]] Children children(const std::string& source,
                                  std::optional<std::uint32_t> action) const;
  void append(std::vector<TopRow>& rows, Children children, TopOrder order) const;

  std::map<Key, Counter> counters_;
  std::vector<std::string> uncounted_;
  TopRow total_;
  std::uint64_t elapsed_ = 0;
  std::size_t named_ = 0;  // sources so far
};

}  // namespace xdpcap
