// SPDX-License-Identifier: BSD-3-Clause
#include "output/statistics.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xdpcap {
namespace {

const std::vector<ActionStatistics> kNoLoss = {
    {XdpAction(1), {.received = 10, .matched = 3, .lost = 0}, 3},
    {XdpAction(7), {.received = 1, .matched = 0, .lost = 0}, 0}};
const std::vector<ActionStatistics> kLoss = {
    {XdpAction(2), {.received = 100, .matched = 50, .lost = 7}, 43}};

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

TEST(Statistics, WhatWasLeftOutIsNotLost) {
  const std::vector<ActionStatistics> chosen = {
      {XdpAction(4), {.received = 100, .matched = 50, .lost = 7}, 3, 40}};
  EXPECT_EQ(summary(chosen),
            "3 packets captured\n50 packets matched the filter\n100 packets received by the hook\n"
            "40 packets not selected (--fate)\n7 packets lost\n");
  EXPECT_EQ(loss_line(chosen).substr(0, 35), "7 packets lost of 50 that matched: ");
}

TEST(Statistics, LossIsSaidOnlyWhereThereIsAny) {
  EXPECT_EQ(loss_line(kNoLoss), "");
  EXPECT_EQ(loss_line(kLoss).substr(0, 35), "7 packets lost of 50 that matched: ");
}

}  // namespace
}  // namespace xdpcap
