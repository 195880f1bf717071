// SPDX-License-Identifier: BSD-3-Clause
#include "output/statistics.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace xdpcap {
namespace {

const std::vector<InterfaceStatistics> kNoLoss = {
    {{0, XdpAction(1)}, {.received = 10, .matched = 3, .lost = 0}, 3},
    {{0, XdpAction(7)}, {.received = 1, .matched = 0, .lost = 0}, 0}};
const std::vector<InterfaceStatistics> kLoss = {
    {{0, XdpAction(2)}, {.received = 100, .matched = 50, .lost = 7}, 43}};

TEST(Statistics, LineHasXdpcapsForm) {
  EXPECT_EQ(statistics_line(kNoLoss),
            "drop: 10/3\txdpAction(7): 1/0\t(received/matched packets)\n");
  EXPECT_EQ(statistics_line(kLoss), "pass: 100/50\t(received/matched packets)\tlost: 7\n");
}

TEST(Statistics, SummaryAddsUp) {
  EXPECT_EQ(summary(kNoLoss),
            "3 packets captured\n3 packets matched the filter\n11 packets received by the hook\n"
            "0 packets lost\n");
  EXPECT_EQ(summary(kLoss),
            "43 packets captured\n50 packets matched the filter\n100 packets received by the hook\n"
            "7 packets lost\n");
}

// The line has an entry for each action, however many sources there are.
TEST(Statistics, SourcesShareTheEntriesOfTheirActions) {
  const std::vector<InterfaceStatistics> two = {
      {{0, XdpAction(1)}, {.received = 10, .matched = 3, .lost = 1}, 2},
      {{0, XdpAction(2)}, {.received = 20, .matched = 4, .lost = 0}, 4},
      {{1, XdpAction(2)}, {.received = 5, .matched = 1, .lost = 0}, 1}};
  EXPECT_EQ(statistics_line(two), "drop: 10/3\tpass: 25/5\t(received/matched packets)\tlost: 1\n");
  EXPECT_EQ(by_action(two)[1].written, 5U);
  EXPECT_EQ(total(two).counts.received, 35U);
}

TEST(Statistics, WhatWasLeftOutIsNotLost) {
  const std::vector<InterfaceStatistics> chosen = {
      {{0, XdpAction(4)}, {.received = 100, .matched = 50, .lost = 7}, 3, 40}};
  EXPECT_EQ(summary(chosen),
            "3 packets captured\n50 packets matched the filter\n100 packets received by the hook\n"
            "40 packets not selected (--fate)\n7 packets lost\n");
  const std::string by_budget = summary(chosen, "the hook", "--sample 10, --rate 3");
  EXPECT_NE(by_budget.find("40 packets not selected (--sample 10, --rate 3)\n7 packets lost\n"),
            std::string::npos)
      << by_budget;
  EXPECT_EQ(loss_line(chosen).substr(0, 35), "7 packets lost of 50 that matched: ");
}

TEST(Statistics, WhatIsOnlyCountedIsNotLost) {
  std::vector<InterfaceStatistics> counted = {
      {{0, XdpAction(4)}, {.received = 100, .matched = 50, .lost = 0}, 0}};
  counted[0].counted = 50;
  EXPECT_EQ(lost(total(counted)), 0U);
  EXPECT_EQ(summary_of_counts(counted, "the hook"),
            "50 packets matched the filter\n100 packets received by the hook\n");
  EXPECT_EQ(loss_line(counted), "");
  counted[0].counts.lost = 2;
  counted[0].counted = 48;
  EXPECT_EQ(loss_line(counted).substr(0, 45), "2 packets of 50 that matched could not be fol");
}

TEST(Statistics, LossIsSaidOnlyWhereThereIsAny) {
  EXPECT_EQ(loss_line(kNoLoss), "");
  EXPECT_EQ(loss_line(kLoss).substr(0, 35), "7 packets lost of 50 that matched: ");
}

}  // namespace
}  // namespace xdpcap
