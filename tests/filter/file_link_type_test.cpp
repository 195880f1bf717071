// SPDX-License-Identifier: BSD-3-Clause
#include "filter/file_link_type.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace xdpcap {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// The numbers of https://www.tcpdump.org/linktypes.html.
TEST(FileLinkType, IsWhatCaptureFilesHaveForIt) {
  EXPECT_EQ(file_link_type(parse_link_type("EN10MB")), 1);
  EXPECT_EQ(file_link_type(parse_link_type("RAW")), 101);  // DLT_RAW is 12 on Linux
  EXPECT_EQ(file_link_type(parse_link_type("LINUX_SLL2")), 276);
  EXPECT_THAT([] { file_link_type(LinkType{9999}); },
              ThrowsMessage<UsageError>(HasSubstr("cannot hold link type 9999")));
}

}  // namespace
}  // namespace xdpcap
