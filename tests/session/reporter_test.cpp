// SPDX-License-Identifier: BSD-3-Clause
#include "session/reporter.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace xdpcap {
namespace {

Report report(std::uint64_t packets, std::uint64_t seconds) {
  return {.interfaces = {{{0, XdpAction(1)},
                          {.received = 2 * packets, .matched = packets, .lost = 3},
                          packets - 3},
                         {{0, XdpAction(7)}, {.received = 1, .matched = 0, .lost = 0}, 0}},
          .output = {.file = "a \"b\"", .files = 2, .bytes = 12'345'678},
          .date = 1'700'000'000'000'000'001,
          .elapsed = seconds * 1'000'000'000};
}

TEST(Reporter, ProgressHasRatesSinceTheLast) {
  EXPECT_EQ(progress_line(report(1'500'000, 4), report(500'000, 2), 200),
            "received 3000001 (1.00 M/s)  matched 1500000 (500 k/s)  written 1499997 (500 k/s)  "
            "lost 3  12.3 MB in a \"b\"");
  EXPECT_EQ(progress_line(report(10, 1), {}, 30), "received 21 (21/s)  matched 10");
}

// With ' for ".
std::string json(std::string text) {
  std::replace(text.begin(), text.end(), '\'', '"');
  return text;
}

TEST(Reporter, JsonHasTheDocumentedKeys) {
  const std::string expected = json(
      "{'type':'statistics','time':1700000000.000000001,'seconds':4.000000000,"
      "'received':21,'matched':10,'written':7,'left_out':0,'lost':3,"
      "'file':'a \\'b\\'','files':2,'bytes':12345678,'actions':{"
      "'drop':{'received':20,'matched':10,'written':7,'left_out':0,'lost':3},"
      "'xdpAction(7)':{'received':1,'matched':0,'written':0,'left_out':0,'lost':0}}}\n");
  EXPECT_EQ(json_line(report(10, 4), "statistics", false), expected);
}

TEST(Reporter, AtTheEndWhatIsNotWrittenIsLost) {
  Report last = report(10, 4);
  last.interfaces[0].written = 5;
  const std::string counts = json("'written':5,'left_out':0,'lost':5,'file'");
  EXPECT_NE(json_line(last, "summary", true).find(counts), std::string::npos);
}

TEST(Reporter, JsonHasTheSourcesThatWereNamedByI) {
  Report both = report(10, 4);
  both.interfaces.push_back({{1, XdpAction(1)}, {.received = 5, .matched = 4, .lost = 0}, 4});
  both.sources = {"eth0", "map:7"};
  const std::string line = json_line(both, "summary", true);
  EXPECT_NE(line.find(json("'actions':{'drop':{'received':25,'matched':14,'written':11,")),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(json("'sources':{'eth0':{'received':21,'matched':10,'written':7,'left_out':0,"
                           "'lost':3,'actions':{'drop':{'received':20,")),
            std::string::npos)
      << line;
  EXPECT_NE(line.find(json("},'map:7':{'received':5,'matched':4,'written':4,'left_out':0,'lost':0,"
                           "'actions':{'drop':{'received':5,'matched':4,'written':4,'left_out':0,"
                           "'lost':0}}}}}\n")),
            std::string::npos)
      << line;
}

Report only_counts() {
  Report counts{.interfaces = {{{0, XdpAction(1)}, {.received = 20, .matched = 10, .lost = 1}}},
                .output = {.file = "/dev/null", .files = 1, .bytes = 100},
                .only_counts = true,
                .date = 1'700'000'000'000'000'001,
                .elapsed = 4'000'000'000};
  counts.interfaces[0].counted = 9;
  return counts;
}

TEST(Reporter, WithoutAnOutputNothingIsSaidOfOne) {
  EXPECT_EQ(progress_line(only_counts(), {}, 200), "received 20 (5/s)  matched 10 (2/s)  ");
  EXPECT_EQ(json_line(only_counts(), "summary", true),
            json("{'type':'summary','time':1700000000.000000001,'seconds':4.000000000,"
                 "'received':20,'matched':10,'lost':1,'actions':{"
                 "'drop':{'received':20,'matched':10,'lost':1}}}\n"));
}

}  // namespace
}  // namespace xdpcap
