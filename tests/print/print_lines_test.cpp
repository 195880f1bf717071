// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_lines.hpp"

#include <gtest/gtest.h>

namespace xdpcap {
namespace {

TEST(BeginsPacket, WithATime) {
  EXPECT_TRUE(begins_packet("22:13:20.000000 LLDP, length 46\n"));
  for (const char* line : {"", "\t0x0000:  0000", "  22:13:20.0", "22:13:2", "22-13-20 x"}) {
    EXPECT_FALSE(begins_packet(line)) << line;
  }
}

}  // namespace
}  // namespace xdpcap
