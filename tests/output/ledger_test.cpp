// SPDX-License-Identifier: BSD-3-Clause
#include "output/ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace xdpcap {
namespace {

using Statistics = std::vector<InterfaceStatistics>;

InterfaceStatistics one(Counts counts, std::uint64_t written) {
  return {{0, XdpAction(1)}, counts, written};
}

void expect_equal(const InterfaceStatistics& actual, Counts counts, std::uint64_t written) {
  EXPECT_EQ(actual.counts.received, counts.received);
  EXPECT_EQ(actual.counts.matched, counts.matched);
  EXPECT_EQ(actual.counts.lost, counts.lost);
  EXPECT_EQ(actual.written, written);
}

TEST(Ledger, AnOnlyFileTellsEverything) {
  Ledger ledger(1, 0);
  const Statistics file =
      ledger.close_file({one({.received = 100, .matched = 60, .lost = 7}, 50)}, true);
  expect_equal(file[0], {.received = 100, .matched = 60, .lost = 10}, 50);
}

TEST(Ledger, APacketInARingBelongsToTheNextFile) {
  Ledger ledger(1, 0);
  const Statistics first =
      ledger.close_file({one({.received = 100, .matched = 60, .lost = 7}, 50)}, false);
  expect_equal(first[0], {.received = 97, .matched = 57, .lost = 7}, 50);
  const Statistics last =
      ledger.close_file({one({.received = 101, .matched = 61, .lost = 7}, 54)}, true);
  expect_equal(last[0], {.received = 4, .matched = 4, .lost = 0}, 4);
}

// Whatever the counters show in between, every packet is reported once.
TEST(Ledger, AllFilesTogetherTellEveryPacketOnce) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 1000; ++round) {
    Ledger ledger(1, 2);
    Counts now;
    std::uint64_t written = 0;
    InterfaceStatistics sum = one({}, 0);
    const int files = 1 + static_cast<int>(random() % 5);
    for (int i = 1; i <= files; ++i) {
      const std::uint64_t matched = random() % 10;
      now.matched += matched;
      now.received += matched + random() % 5;
      const std::uint64_t open = now.matched - now.lost - written;
      now.lost += open == 0 ? 0 : random() % (open + 1);
      const std::uint64_t in_rings = now.matched - now.lost - written;
      written += in_rings == 0 ? 0 : random() % (in_rings + 1);
      Counts seen = now;
      // Up to two packets in flight are received and have not matched yet.
      if (i < files) seen.matched -= std::min(random() % 3, seen.matched - seen.lost - written);
      const InterfaceStatistics file = ledger.close_file({one(seen, written)}, i == files)[0];
      EXPECT_EQ(file.counts.matched, file.written + file.counts.lost);
      EXPECT_GE(file.counts.received, file.counts.matched);
      sum.counts.received += file.counts.received;
      sum.counts.matched += file.counts.matched;
      sum.counts.lost += file.counts.lost;
      sum.written += file.written;
    }
    expect_equal(sum,
                 {.received = now.received, .matched = now.matched, .lost = now.matched - written},
                 written);
  }
}

TEST(Ledger, GoesOnWhereAnotherHasStopped) {
  Ledger killed(1, 0);
  (void)killed.close_file({one({.received = 10, .matched = 5, .lost = 1}, 3)}, false);
  Ledger ledger(1, 0);
  ledger.restore(killed.reported());
  const Statistics last =
      ledger.close_file({one({.received = 12, .matched = 7, .lost = 1}, 6)}, true);
  expect_equal(last[0], {.received = 3, .matched = 3, .lost = 0}, 3);
}

}  // namespace
}  // namespace xdpcap
