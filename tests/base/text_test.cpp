// SPDX-License-Identifier: BSD-3-Clause
#include "base/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

namespace xdpcap {
namespace {

using ::testing::ElementsAre;

TEST(Text, TrimTakesSpaceFromBothEndsOnly) {
  EXPECT_EQ(trim(" \ta b\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
}

TEST(Text, SplitKeepsEmptyFields) {
  EXPECT_THAT(split("a,,b", ','), ElementsAre("a", "", "b"));
  EXPECT_THAT(split("", ','), ElementsAre(""));
}

TEST(Text, JoinPutsTheSeparatorBetween) {
  EXPECT_EQ(join({"tcp", "port", "80"}, " "), "tcp port 80");
  EXPECT_EQ(join({}, " "), "");
}

TEST(Text, PrintableHasNoEscapes) {
  EXPECT_EQ(printable("eth0"), "eth0");
  EXPECT_EQ(printable("a\x1b[2Jb\n\xff"), "a?[2Jb??");
}

TEST(Text, CountedKnowsThePlural) {
  EXPECT_EQ(counted(0, "packet"), "0 packets");
  EXPECT_EQ(counted(1, "packet"), "1 packet");
  EXPECT_EQ(counted(2, "packet"), "2 packets");
}

TEST(Text, ParseNumberTakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_number<std::uint32_t>("4294967295"), 4294967295U);
  for (const char* bad : {"", "4294967296", "-1", "+1", " 1", "1 ", "0x1", "1a"}) {
    EXPECT_EQ(parse_number<std::uint32_t>(bad), std::nullopt) << bad;
  }
}

}  // namespace
}  // namespace xdpcap
