// SPDX-License-Identifier: BSD-3-Clause
#include "output/flight_names.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace xdpcap {
namespace {

constexpr std::time_t kDay = 86'400;

TEST(FlightNames, AreNumbered) {
  FlightNames names("out.pcap.gz", 0);
  EXPECT_EQ(names.current(), "out.pcap.gz");
  EXPECT_EQ(names.next(0), "out.pcap.gz");
  EXPECT_EQ(names.next(0), "out.pcap1.gz");
  EXPECT_EQ(names.next(kDay), "out.pcap2.gz");
  EXPECT_EQ(names.outdated(), std::nullopt);
}

TEST(FlightNames, RingStartsAgain) {
  FlightNames names("out.pcap", 2);
  EXPECT_EQ(names.current(), "out.pcap0");
  EXPECT_EQ(names.next(0), "out.pcap0");
  EXPECT_EQ(names.next(0), "out.pcap1");
  EXPECT_EQ(names.next(0), "out.pcap0");
  EXPECT_EQ(names.outdated(), std::nullopt);
}

TEST(FlightNames, HaveTheDateOfTheirFile) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  FlightNames names("%F.pcap", 2);
  EXPECT_EQ(names.next(kDay), "1970-01-02.pcap");
  EXPECT_EQ(names.next(kDay), "1970-01-02.pcap1");
  EXPECT_EQ(names.outdated(), std::nullopt);
  EXPECT_EQ(names.next(2 * kDay), "1970-01-03.pcap");
  EXPECT_EQ(names.outdated(), "1970-01-02.pcap");
  EXPECT_EQ(names.outdated(), std::nullopt);
}

}  // namespace
}  // namespace xdpcap
