// SPDX-License-Identifier: BSD-3-Clause
#include "output/time_merge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace xdpcap {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A source whose records are times; after the last one, another may be being written.
struct ListCursor {
  std::vector<std::uint64_t> times;
  bool writing = false;
  std::size_t at = 0;

  [[nodiscard]] bool ready() const { return at < times.size(); }
  [[nodiscard]] bool ended() const { return at == times.size() && !writing; }
  [[nodiscard]] std::uint64_t time() const { return times[at]; }
  void next() { ++at; }
};

constexpr std::uint64_t kNoHorizon = ~std::uint64_t{0};

struct Merged {
  MergeEnd end;
  std::vector<std::uint64_t> times;
};

Merged merge(std::vector<ListCursor>& cursors, std::uint64_t horizon = kNoHorizon) {
  TimeMerge<ListCursor> merge;
  Merged merged{};
  merged.end = merge.run(cursors, horizon, [&](const ListCursor& cursor) {
    merged.times.push_back(cursor.time());
    return true;
  });
  return merged;
}

TEST(TimeMerge, PutsSeveralSourcesInOrder) {
  std::vector<ListCursor> cursors = {{{1, 4, 5}}, {{2, 3, 9}}, {{}}, {{6}}};
  const Merged merged = merge(cursors);
  EXPECT_EQ(merged.end, MergeEnd::drained);
  EXPECT_THAT(merged.times, ElementsAre(1, 2, 3, 4, 5, 6, 9));
}

TEST(TimeMerge, HoldsBackWhatIsBeyondTheHorizon) {
  std::vector<ListCursor> cursors = {{{1, 5, 7}}, {{2, 6}}};
  EXPECT_THAT(merge(cursors, 5).times, ElementsAre(1, 2, 5));
  EXPECT_THAT(merge(cursors, 7).times, ElementsAre(6, 7));
}

// What is being written may be as old as the last record before it.
TEST(TimeMerge, WaitsForARecordThatIsBeingWritten) {
  std::vector<ListCursor> cursors = {{{1, 3}, true}, {{2, 4}}};
  const Merged merged = merge(cursors);
  EXPECT_EQ(merged.end, MergeEnd::blocked);
  EXPECT_THAT(merged.times, ElementsAre(1, 2, 3));

  std::vector<ListCursor> nothing_but_writing = {{{}, true}, {{2, 4}}};
  EXPECT_EQ(merge(nothing_but_writing).end, MergeEnd::blocked);
  EXPECT_THAT(merge(nothing_but_writing).times, IsEmpty());
}

TEST(TimeMerge, GoesOnWhereTheSinkWasFull) {
  std::vector<ListCursor> cursors = {{{1, 4}}, {{2, 3}}};
  TimeMerge<ListCursor> merge;
  std::vector<std::uint64_t> times;
  std::size_t room = 2;
  const auto take = [&](const ListCursor& cursor) {
    if (times.size() == room) return false;
    times.push_back(cursor.time());
    return true;
  };
  EXPECT_EQ(merge.run(std::span(cursors), kNoHorizon, take), MergeEnd::full);
  EXPECT_THAT(times, ElementsAre(1, 2));
  room = 4;
  EXPECT_EQ(merge.run(std::span(cursors), kNoHorizon, take), MergeEnd::drained);
  EXPECT_THAT(times, ElementsAre(1, 2, 3, 4));
}

TEST(TimeMerge, EqualsASortOfEverything) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<ListCursor> cursors(1 + random() % 130);
    std::vector<std::uint64_t> all;
    for (ListCursor& cursor : cursors) {
      cursor.times.resize(random() % 4 == 0 ? random() % 50 : 0);
      for (std::uint64_t& time : cursor.times) time = random() % 1000;
      std::sort(cursor.times.begin(), cursor.times.end());
      all.insert(all.end(), cursor.times.begin(), cursor.times.end());
    }
    std::sort(all.begin(), all.end());
    EXPECT_EQ(merge(cursors).times, all);
  }
}

}  // namespace
}  // namespace xdpcap
