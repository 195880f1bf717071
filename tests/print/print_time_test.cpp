// SPDX-License-Identifier: BSD-3-Clause
// Tcpdump's own output is the oracle in tests/tool/read_test.cpp.
#include "print/print_time.hpp"

#include <gtest/gtest.h>

namespace xdpcap {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(TimeText, OfPacketsOutOfOrder) {
  TimeText previous(PrintTime::since_previous);
  EXPECT_EQ(previous.of(100 * kSecond), " 00:00:00.000000 ");
  EXPECT_EQ(previous.of(99 * kSecond), "-00:00:01.000000 ");
  EXPECT_EQ(previous.of(102 * kSecond + 1999), " 00:00:03.000001 ");
  TimeText first(PrintTime::since_first);
  EXPECT_EQ(first.of(100 * kSecond), " 00:00:00.000000 ");
  EXPECT_EQ(first.of(99 * kSecond), "-00:00:01.000000 ");
  EXPECT_EQ(first.of(102 * kSecond), " 00:00:02.000000 ");
}

TEST(TimeText, OfTimesThatNoCalendarHas) {
  EXPECT_EQ(TimeText(PrintTime::epoch).of(~std::uint64_t{0}), "18446744073.709551 ");
  EXPECT_EQ(TimeText(PrintTime::none).of(kSecond), "");
}

}  // namespace
}  // namespace xdpcap
