// SPDX-License-Identifier: BSD-3-Clause
// Merges several sources, each in time order, into one stream in time order.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xdpcap {

// A source of records, oldest first (ring/rings.hpp has the real one).
template <class T>
concept TimedCursor = requires(T cursor, const T& constant) {
  { constant.ready() } -> std::convertible_to<bool>;  // there is a record
  { constant.ended() } -> std::convertible_to<bool>;  // there is none, and none is being written
  { constant.time() } -> std::convertible_to<std::uint64_t>;
  cursor.next();
};

enum class MergeEnd : std::uint8_t {
  drained,  // nothing is left that may be released
  blocked,  // a record that may be older than those left is still being written
  full,     // `emit` returned false
};

// TimeMerge releases records in time order, up to a horizon: no record that appears after the
// cursors were refreshed may be older. The horizon is before the refresh by a delay that depends on
// the source (recorder/record.h: XDPCAP_MARK_DELAY).
template <TimedCursor Cursor>
class TimeMerge {
 public:
  // Calls emit(cursor) for each record until it returns false, which leaves that record in place.
  template <class Emit>
  MergeEnd run(std::span<Cursor> cursors, std::uint64_t horizon, Emit&& emit) {
    heads_.clear();
    for (Cursor& cursor : cursors) {
      if (cursor.ready()) {
        push(cursor);
      } else if (!cursor.ended()) {
        return MergeEnd::blocked;
      }
    }
    while (!heads_.empty()) {
      Cursor& cursor = pop();
      const std::uint64_t limit = heads_.empty() ? horizon : std::min(horizon, heads_.front().time);
      // Consecutive records of one source, the common case, cost one comparison each.
      for (; cursor.ready() && cursor.time() <= limit; cursor.next()) {
        if (!emit(cursor)) return MergeEnd::full;
      }
      if (!cursor.ready()) {
        if (!cursor.ended()) return MergeEnd::blocked;
      } else if (cursor.time() <= horizon) {
        push(cursor);
      }
    }
    return MergeEnd::drained;
  }

 private:
  struct Head {
    std::uint64_t time;
    Cursor* cursor;
    bool operator<(const Head& other) const { return time > other.time; }  // a min-heap
  };

  void push(Cursor& cursor) {
    heads_.push_back({cursor.time(), &cursor});
    std::push_heap(heads_.begin(), heads_.end());
  }
  Cursor& pop() {
    std::pop_heap(heads_.begin(), heads_.end());
    Cursor& cursor = *heads_.back().cursor;
    heads_.pop_back();
    return cursor;
  }

  std::vector<Head> heads_;  // kept between runs, so that only the first allocates
};

}  // namespace xdpcap
