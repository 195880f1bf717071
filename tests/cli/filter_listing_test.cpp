// SPDX-License-Identifier: BSD-3-Clause
#include "cli/filter_listing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "filter/expression.hpp"
#include "support/process.hpp"

namespace xdpcap {
namespace {

using ::testing::HasSubstr;

std::string list(const char* filter, FilterListing listing) {
  Options options;
  options.filter = compile_filter(filter, LinkType{});
  return list_filter(options, listing);
}

// tcpdump compiles against an interface or a file; -y needs neither.
std::string tcpdump(const char* option, const char* filter) {
  return test::run({"tcpdump", "-y", "EN10MB", option, filter}).out;
}

TEST(FilterListing, IsWhatTcpdumpPrints) {
  for (const char* filter : {"icmp", "tcp port 80", "ip6 and not host ::1", "vlan 5 and udp"}) {
    EXPECT_EQ(list(filter, FilterListing::assembly), tcpdump("-d", filter)) << filter;
    EXPECT_EQ(list(filter, FilterListing::c_code), tcpdump("-dd", filter)) << filter;
    EXPECT_EQ(list(filter, FilterListing::decimal), tcpdump("-ddd", filter)) << filter;
  }
}

TEST(FilterListing, ShowsTheSourceBesideTheEbpf) {
  const std::string text = list("icmp", FilterListing::ebpf);
  EXPECT_THAT(text, HasSubstr("ldh      [12]"));
  EXPECT_THAT(text, HasSubstr("match"));
  EXPECT_THAT(text, HasSubstr("exit"));
}

}  // namespace
}  // namespace xdpcap
