// SPDX-License-Identifier: BSD-3-Clause
// Conditions that packets have to meet beside the filter.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

using test::error;
using test::parse;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Conditions, RangesOfQueuesAndCpus) {
  const Options options = parse({"--queue", "0-3,5", "--cpu", "4294967295", "/hook", "-"});
  EXPECT_THAT(options.queues, ElementsAre(Range{0, 3}, Range{5, 5}));
  EXPECT_THAT(options.cpus, ElementsAre(Range{4294967295, 4294967295}));
  EXPECT_THAT(parse({"/hook", "-"}).queues, IsEmpty());
}

TEST(Conditions, WrongRanges) {
  for (const char* range : {"3-1", "-1", "1-", "1,,2", "x", "4294967296", "1-2-3"}) {
    const std::string queue = std::string("--queue=") + range;
    EXPECT_EQ(error({queue, "/hook", "-"}),
              range == std::string("1,,2")
                  ? "--queue: invalid range \"\""
                  : "--queue: invalid range \"" + std::string(range) + '"');
  }
  std::string many = "1";
  for (int i = 1; i < 64; ++i) many += ",1";
  EXPECT_EQ(error({"--cpu", many, "/hook", "-"}), "no error");
  EXPECT_EQ(error({"--cpu", many + ",1", "/hook", "-"}), "--cpu: 65 values are too many");
}

TEST(Budget, SampleAndRate) {
  const Options none = parse({"/hook", "-"});
  EXPECT_FALSE(none.budget.is_limited());
  EXPECT_FALSE(parse({"--sample", "1", "/hook", "-"}).budget.is_limited());
  const Options both = parse({"--sample", "1000000", "--rate=3", "/hook", "-"});
  EXPECT_TRUE(both.budget.is_limited());
  EXPECT_EQ(both.budget.sample, 1'000'000U);
  EXPECT_EQ(both.budget.rate, 3U);
  EXPECT_EQ(parse({"-sample", "7", "-rate", "1", "/hook", "-"}).budget.sample, 7U);
}

TEST(Budget, WrongNumbers) {
  for (const std::string number : {"0", "-1", "1/100", "1%", "1.5", "x", "10k", "1000001",
                                   "4294967297", "99999999999999999999"}) {
    EXPECT_EQ(error({"--sample", number, "/hook", "-"}),
              "--sample: invalid sample \"" + number + '"');
    EXPECT_EQ(error({"--rate", number, "/hook", "-"}),
              "--rate: invalid number of packets a second \"" + number + '"');
  }
}

TEST(Conditions, IngressInterfacesByNameOrIndex) {
  const Options without = parse({"--ingress", "/hook", "-"});
  EXPECT_TRUE(without.note_ingress);
  EXPECT_THAT(without.ingress, IsEmpty());
  const Options list = parse({"--ingress=lo,77", "/hook", "-"});
  EXPECT_TRUE(list.note_ingress);
  EXPECT_THAT(list.ingress, ElementsAre(Range{1, 1}, Range{77, 77}));
  EXPECT_EQ(error({"--ingress=lo,no_such", "/hook", "-"}),
            "--ingress: no interface \"no_such\" in this network namespace");
  EXPECT_EQ(error({"--ingress=0", "/hook", "-"}),
            "--ingress: no interface \"0\" in this network namespace");
}

}  // namespace
}  // namespace xdpcap
