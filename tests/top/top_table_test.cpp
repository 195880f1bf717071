// SPDX-License-Identifier: BSD-3-Clause
#include "top/top_table.hpp"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "top/made_reports.hpp"

namespace xdpcap::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;

std::vector<std::string> texts(const TopTable& table, TopOrder order = TopOrder::fixed) {
  std::vector<std::string> texts;
  for (const TopRow& row : table.rows(order)) {
    texts.push_back(row.text + (row.description.empty() ? "" : "  " + row.description));
  }
  return texts;
}

std::vector<std::uint64_t> packets(const TopTable& table) {
  std::vector<std::uint64_t> packets;
  for (const TopRow& row : table.rows(TopOrder::fixed)) packets.push_back(row.packets);
  return packets;
}

Report without_eth1(Report report) {
  report.titles.pop_back();
  report.interfaces.pop_back();
  report.fate_counts.clear();
  return report;
}

TEST(TopTable, HasActionsReasonsAndFatesThatHavePackets) {
  TopTable table;
  table.begin_capture({"eth2: not counted"});
  table.update(made_report(0, 0, 0));
  EXPECT_THAT(texts(table),
              ElementsAre("eth0  hook /h", "eth1  program 5, traced", "eth2: not counted"));
  table.update(made_report(1, 10, 30));
  EXPECT_THAT(texts(table), ElementsAre("eth0  hook /h", "drop", "source is blocked (fw.bpf.c:7)",
                                        "eth1  program 5, traced", "redirect",
                                        "-> dropped ENETDOWN by device", "eth2: not counted"));
  EXPECT_THAT(packets(table), ElementsAre(10, 10, 10, 30, 30, 30, 0));
  EXPECT_EQ(table.total().packets, 40U);
  EXPECT_EQ(table.sources(), 2U);
}

TEST(TopTable, RatesAreThoseOfTheLastInterval) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(0, 0, 0));
  table.update(made_report(2, 10, 0));
  EXPECT_EQ(table.rows(TopOrder::fixed)[0].rate, 5);
  table.update(made_report(3, 13, 0));
  const TopRow row = table.rows(TopOrder::fixed)[1];
  EXPECT_EQ(row.rate, 3);
  EXPECT_THAT(row.history, ElementsAre(5, 3));
  EXPECT_EQ(table.total().rate, 3);
}

TEST(TopTable, HistoryIsLimited) {
  TopTable table;
  table.begin_capture();
  for (std::uint64_t i = 0; i < 2 * TopTable::kHistory; ++i) table.update(made_report(i, i, 0));
  EXPECT_EQ(table.total().history.size(), TopTable::kHistory);
}

TEST(TopTable, SortsWithinParents) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(0, 0, 0));
  table.update(made_report(1, 100, 1));
  table.update(made_report(2, 100, 21));
  EXPECT_EQ(texts(table, TopOrder::packets)[0], "eth0  hook /h");
  EXPECT_EQ(texts(table, TopOrder::rate)[0], "eth1  program 5, traced");
}

TEST(TopTable, TheNextCaptureAddsToTheCounts) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(1, 10, 30));
  table.begin_capture();
  table.update(made_report(0, 0, 0));
  table.update(made_report(1, 5, 0));
  EXPECT_THAT(packets(table), ElementsAre(15, 15, 15, 30, 30, 30));
  EXPECT_EQ(table.rows(TopOrder::fixed)[0].rate, 5);
}

TEST(TopTable, SourcesThatAreGoneStay) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(1, 10, 30));
  table.begin_capture();
  table.update(without_eth1(made_report(1, 5, 0)));
  const std::vector<TopRow> rows = table.rows(TopOrder::fixed);
  ASSERT_EQ(rows.size(), 6U);
  EXPECT_FALSE(rows[0].is_gone);
  for (std::size_t i = 3; i < 6; ++i) {
    EXPECT_TRUE(rows[i].is_gone);
    EXPECT_EQ(rows[i].packets, 30U);
    EXPECT_EQ(rows[i].rate, 0);
  }
  EXPECT_EQ(table.sources(), 1U);
}

TEST(TopTable, NamedSourcesAreGoneWhileNothingIsAttachedThere) {
  TopTable table;
  table.begin_capture();
  Report report = made_report(1, 10, 0);
  report.idle_sources = {0, 1};
  table.update(report);
  EXPECT_FALSE(table.rows(TopOrder::fixed)[0].is_gone);  // its last packets came just now
  report.elapsed *= 2;
  table.update(report);
  const std::vector<TopRow> rows = table.rows(TopOrder::fixed);
  ASSERT_EQ(rows.size(), 4U);
  for (const TopRow& row : rows) EXPECT_TRUE(row.is_gone);
  table.update(made_report(3, 11, 0));
  for (const TopRow& row : table.rows(TopOrder::fixed)) EXPECT_FALSE(row.is_gone);
}

TEST(TopTable, SourcesThatAreGoneAndHadNoPacketsDoNot) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(1, 10, 0));
  table.begin_capture();
  table.update(without_eth1(made_report(1, 5, 0)));
  EXPECT_EQ(table.rows(TopOrder::fixed).size(), 3U);
}

TEST(TopTable, NoReasonIsOneAmongOthersOnly) {
  TopTable table;
  table.begin_capture();
  Report report = made_report(1, 10, 0);
  report.reason_counts[1].packets = 2;
  table.update(report);
  EXPECT_THAT(texts(table), Contains("(no reason)"));
  TopTable without;
  without.begin_capture();
  report.reason_counts[0].packets = 0;
  without.update(report);
  EXPECT_THAT(texts(without), Not(Contains("(no reason)")));
}

TEST(TopTable, ResetForgetsPackets) {
  TopTable table;
  table.begin_capture();
  table.update(made_report(1, 10, 30));
  table.reset();
  table.update(made_report(2, 11, 30));
  EXPECT_EQ(table.total().packets, 1U);
  EXPECT_EQ(packets(table)[0], 1U);
}

TEST(TopTable, TextIsPrintable) {
  TopTable table;
  table.begin_capture({"\x1b[2J"});
  EXPECT_EQ(table.rows(TopOrder::fixed)[0].text, "?[2J");
}

}  // namespace
}  // namespace xdpcap::test
