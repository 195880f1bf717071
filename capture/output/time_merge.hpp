// SPDX-License-Identifier: BSD-3-Clause
// Merges what several sources have, each in its own time order, into one stream in time order.
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
  { constant.ready() } -> std::convertible_to<bool>;  // a record is there
  { constant.ended() } -> std::convertible_to<bool>;  // no record is there, none is being written
  { constant.time() } -> std::convertible_to<std::uint64_t>;
  cursor.next();
};

enum class MergeEnd : std::uint8_t {
  drained,  // nothing that may be released is left
  blocked,  // a record is still being written that may be older than what is left
  full,     // `emit` took no more
};

// TimeMerge releases records in time order, up to a horizon: a moment that no record which shows up
// after the cursors were refreshed is older than. How long before the refresh that is, the source
// says (recorder/record.h: XDPCAP_MARK_DELAY).
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
      // A run of records of one source, the common case, costs a comparison each.
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

  std::vector<Head> heads_;  // kept from run to run: it stops growing after the first
};

}  // namespace xdpcap
