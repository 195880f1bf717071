// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/bpffs.hpp"

#include <gtest/gtest.h>

namespace xdpcap {
namespace {

TEST(MountField, EscapesStandForCharacters) {
  EXPECT_EQ(unescape_mount_field("/sys/fs/bpf"), "/sys/fs/bpf");
  EXPECT_EQ(unescape_mount_field("/my\\040bpf\\011\\134"), "/my bpf\t\\");
  EXPECT_EQ(unescape_mount_field("/odd\\04"), "/odd\\04");
  EXPECT_EQ(unescape_mount_field("/odd\\048"), "/odd\\048");
  EXPECT_EQ(unescape_mount_field(""), "");
}

}  // namespace
}  // namespace xdpcap
