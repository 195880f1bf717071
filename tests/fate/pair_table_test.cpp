// SPDX-License-Identifier: BSD-3-Clause
#include "fate/pair_table.hpp"

#include <gmock/gmock.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xdpcap {
namespace {

using ::testing::HasSubstr;

const Names kNumbers{[](const xdpcap_device&) { return std::nullopt; }};

xdpcap_pair pair(std::uint32_t from, std::uint32_t to, xdpcap_report report, int error = 0,
                 std::uint32_t action = XDP_REDIRECT) {
  return {.from = {from, 0},
          .to = {to, 0},
          .report = report,
          .error = error,
          .action = action,
          .map_type = 0,
          .map_id = 0,
          .source = 0};
}

TEST(PairTable, AddsUpWhatBelongsToAPair) {
  const std::string table = pair_table({{pair(6, 7, XDPCAP_REPORT_REDIRECT), {90, 0}},
                                        {pair(6, 7, XDPCAP_REPORT_REDIRECT, -ENETDOWN), {10, 0}},
                                        {pair(6, 7, XDPCAP_REPORT_XMIT), {80, 5}},
                                        {pair(6, 7, XDPCAP_REPORT_XMIT, -ENXIO), {0, 5}}},
                                       0, kNumbers);
  EXPECT_EQ(
      table,
      "from -> to  redirected     refused        sent     dropped\n"
      "6 -> 7              90          10          80          10\n"
      "    10 ENETDOWN: 7 is down; ip link set it up\n"
      "    5 ENXIO: the peer of 7 has no XDP program or NAPI: frames sent into it are dropped; "
      "attach a program there (GRO alone would let those of XDP_TX wait)\n"
      "    5 full: the queue of 7 was full; it, or its consumer, is too slow\n");
}

TEST(PairTable, TellsSourcesApart) {
  xdpcap_pair of_second = pair(6, 7, XDPCAP_REPORT_REDIRECT);
  of_second.source = 1;
  const std::vector<PairCount> pairs = {{of_second, {2, 0}},
                                        {pair(6, 7, XDPCAP_REPORT_REDIRECT), {1, 0}}};
  EXPECT_EQ(pair_table(pairs, 0, kNumbers, {"b", "a"}),
            "source: from -> to  redirected     refused        sent     dropped\n"
            "b: 6 -> 7                    1           0           0           0\n"
            "a: 6 -> 7                    2           0           0           0\n");
  EXPECT_THAT(pair_table(pairs, 0, kNumbers), HasSubstr("\n6 -> 7               3 "));
}

TEST(PairTable, AsJson) {
  EXPECT_EQ(pairs_as_json({}, kNumbers), "[]");
  EXPECT_EQ(pairs_as_json({{pair(6, 7, XDPCAP_REPORT_REDIRECT), {90, 0}},
                           {pair(6, 7, XDPCAP_REPORT_REDIRECT, -ENETDOWN), {10, 0}},
                           {pair(6, 7, XDPCAP_REPORT_XMIT), {80, 5}}},
                          kNumbers),
            R"([{"from":"6","to":"7","redirected":90,"refused":10,"sent":80,"dropped":5,)"
            R"("reasons":{"ENETDOWN":10,"full":5}}])");
}

TEST(PairTable, SaysWhatIsMissing) {
  EXPECT_EQ(pair_table({}, 0, kNumbers), "");
  EXPECT_THAT(pair_table({{pair(6, 7, XDPCAP_REPORT_TX), {1, 0}}}, 3, kNumbers),
              HasSubstr("3 reports of other pairs"));
}

TEST(PairTable, EveryReportHasItsAction) {
  EXPECT_EQ(action_of(pair(1, 2, XDPCAP_REPORT_XMIT)), XDP_REDIRECT);
  EXPECT_EQ(action_of(pair(1, 0, XDPCAP_REPORT_ENQUEUE)), XDP_REDIRECT);
  EXPECT_EQ(action_of(pair(1, 1, XDPCAP_REPORT_TX)), XDP_TX);
  EXPECT_EQ(action_of(pair(1, 0, XDPCAP_REPORT_EXCEPTION, 0, XDP_ABORTED)), XDP_ABORTED);
}

TEST(PairTable, UsualErrorsAreExplained) {
  for (const int error : {EOPNOTSUPP, ENXIO, ENETDOWN, EMSGSIZE, EINVAL, ENOSPC}) {
    EXPECT_NE(explain(pair(6, 7, XDPCAP_REPORT_REDIRECT, -error), "6", "7"), "") << error;
  }
  EXPECT_THAT(explain(pair(6, 0, XDPCAP_REPORT_EXCEPTION, 0, XDP_ABORTED), "6", "-"),
              HasSubstr("XDP_ABORTED"));
}

}  // namespace
}  // namespace xdpcap
