// SPDX-License-Identifier: BSD-3-Clause
#include "base/xdp_action.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/bpf.h>

#include "base/error.hpp"

namespace xdpcap {
namespace {

using ::testing::ElementsAre;

TEST(XdpAction, NamesFollowTheKernelsNumbers) {
  EXPECT_EQ(XdpAction(XDP_ABORTED).name(), "aborted");
  EXPECT_EQ(XdpAction(XDP_DROP).name(), "drop");
  EXPECT_EQ(XdpAction(XDP_PASS).name(), "pass");
  EXPECT_EQ(XdpAction(XDP_TX).name(), "tx");
  EXPECT_EQ(XdpAction(XDP_REDIRECT).name(), "redirect");
  EXPECT_EQ(XdpAction(7).name(), "xdpAction(7)");
}

TEST(XdpAction, ParsesNamesAndNumbers) {
  EXPECT_EQ(parse_action("drop"), XdpAction(XDP_DROP));
  EXPECT_EQ(parse_action(" XDP_TX "), XdpAction(XDP_TX));
  EXPECT_EQ(parse_action("4"), XdpAction(XDP_REDIRECT));
  EXPECT_EQ(parse_action("17"), XdpAction(17));
}

TEST(XdpAction, ListsAreSortedAndHaveNoRepeats) {
  EXPECT_THAT(parse_actions("tx, drop,1"), ElementsAre(XdpAction(XDP_DROP), XdpAction(XDP_TX)));
}

TEST(XdpAction, RefusesWhatIsNoAction) {
  for (const char* bad : {"", "drop,", "dorp", "-1", "4294967296", "xdp_"}) {
    EXPECT_THROW(parse_actions(bad), UsageError) << bad;
  }
}

}  // namespace
}  // namespace xdpcap
