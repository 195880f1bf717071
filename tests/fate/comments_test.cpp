// SPDX-License-Identifier: BSD-3-Clause
#include "fate/comments.hpp"
#include "support/fate.hpp"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

namespace xdpcap {
namespace {

using test::made_fate;

constexpr xdpcap_fate redirected() {
  xdpcap_fate fate = made_fate(XDPCAP_FATE_REDIRECT, XDP_REDIRECT);
  fate.ingress = 6;
  fate.queue = 1;
  fate.target = 7;
  fate.target_namespace = 1;
  fate.map_type = BPF_MAP_TYPE_DEVMAP;
  fate.map_id = 12;
  fate.map_index = 3;
  return fate;
}
constexpr xdpcap_fate kRedirected = redirected();

// Knows one device and counts how often it is asked.
class Comments : public ::testing::Test {
 protected:
  static std::string text(const FateComments::Comment& comment) {
    std::uint16_t length = 0;
    std::memcpy(&length, comment.option.data() + 2, sizeof(length));
    EXPECT_EQ(comment.option.size(), 4U + (length + 3U) / 4 * 4);
    return {reinterpret_cast<const char*>(comment.option.data()) + 4, length};
  }

  int asked_ = 0;
  Names names_{[this](const xdpcap_device& device) -> std::optional<std::string> {
    ++asked_;
    if (device.index == 7) return "veth2";
    return std::nullopt;
  }};
};

TEST_F(Comments, HaveAStableForm) {
  const auto describe = [this](const xdpcap_fate& fate) {
    return xdpcap::describe(fate, outcome_of(fate, true), names_);
  };
  EXPECT_EQ(describe(kRedirected), "fate=redirected to=veth2(7) via=devmap#12[3] ingress=6 rxq=1");
  xdpcap_fate fate = kRedirected;
  fate.error = -EMSGSIZE;
  EXPECT_EQ(describe(fate),
            "fate=dropped reason=EMSGSIZE to=veth2(7) via=devmap#12[3] ingress=6 rxq=1");
  fate = kRedirected;
  fate.target = 0;
  EXPECT_EQ(describe(fate), "fate=redirected to=all via=devmap#12[3] ingress=6 rxq=1");
  fate.ingress_namespace = 1;
  fate.ingress = 7;  // --ingress alone notes "ingress=7", too
  EXPECT_EQ(describe(fate), "fate=redirected to=all via=devmap#12[3] ingress=7 ifname=veth2 rxq=1");
  fate.ingress = 6;
  fate.map_type = BPF_MAP_TYPE_CPUMAP;
  EXPECT_EQ(describe(fate), "fate=redirected to=cpu3 via=cpumap#12[3] ingress=6 rxq=1");
  EXPECT_EQ(describe(made_fate(XDPCAP_FATE_CLOSED, XDP_TX)), "fate=queued ingress=0 rxq=0");
  EXPECT_EQ(describe(made_fate(XDPCAP_FATE_NONE, XDP_PASS)), "ingress=0 rxq=0");
}

TEST_F(Comments, AreMadeOnceForEachFate) {
  FateComments comments(names_, FateSelection::parse("redirected"));
  xdpcap_fate other = kRedirected;
  other.error = -EIO;
  for (int i = 0; i < 100; ++i) {
    const auto& comment = comments.of(kRedirected);
    EXPECT_TRUE(comment.selected);
    EXPECT_EQ(text(comment), "fate=redirected to=veth2(7) via=devmap#12[3] ingress=6 rxq=1");
    EXPECT_FALSE(comments.of(other).selected);
  }
  EXPECT_EQ(asked_, 2);
}

TEST_F(Comments, DoNotGrowWithoutEnd) {
  FateComments comments(names_, {});
  xdpcap_fate fate = kRedirected;
  fate.target = 0;
  for (fate.map_index = 0; fate.map_index < 100'000; ++fate.map_index) {
    comments.of(fate);
    comments.clear_if_large();
  }
  EXPECT_LT(comments.known(), 20'000U);
  EXPECT_EQ(text(comments.of(kRedirected)),
            "fate=redirected to=veth2(7) via=devmap#12[3] ingress=6 rxq=1");
}

}  // namespace
}  // namespace xdpcap
