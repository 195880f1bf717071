// SPDX-License-Identifier: BSD-3-Clause
#include "fate/outcome.hpp"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <limits>

#include "base/error.hpp"
#include "fate/selection.hpp"
#include "support/fate.hpp"

namespace xdpcap {
namespace {

using test::made_fate;

constexpr xdpcap_fate kEnetdown = made_fate(XDPCAP_FATE_REDIRECT, XDP_REDIRECT, -ENETDOWN);

TEST(Outcome, FollowsFromActionAndReport) {
  const auto outcome = [](std::uint32_t state, std::uint32_t action, std::int32_t error = 0) {
    return outcome_of(made_fate(state, action, error), true);
  };
  EXPECT_EQ(outcome(XDPCAP_FATE_NONE, XDP_PASS), Outcome::none);
  EXPECT_EQ(outcome(XDPCAP_FATE_REDIRECT, XDP_REDIRECT), Outcome::redirected);
  EXPECT_EQ(outcome(XDPCAP_FATE_REDIRECT, XDP_REDIRECT, -ENOSPC), Outcome::dropped);
  EXPECT_EQ(outcome(XDPCAP_FATE_EXCEPTION, XDP_ABORTED), Outcome::aborted);
  EXPECT_EQ(outcome(XDPCAP_FATE_EXCEPTION, XDP_TX), Outcome::dropped);
  EXPECT_EQ(outcome(XDPCAP_FATE_EXCEPTION, 7), Outcome::dropped);
}

// Silence says something of XDP_TX only, and only where it can be done at all.
TEST(Outcome, OfSilence) {
  for (const std::uint32_t state : {XDPCAP_FATE_OPEN, XDPCAP_FATE_CLOSED}) {
    EXPECT_EQ(outcome_of(made_fate(state, XDP_TX), true), Outcome::queued);
    EXPECT_EQ(outcome_of(made_fate(state, XDP_TX), false), Outcome::unknown);
    EXPECT_EQ(outcome_of(made_fate(state, XDP_REDIRECT), true), Outcome::unknown);
    EXPECT_EQ(outcome_of(made_fate(state, XDP_ABORTED), true), Outcome::unknown);
  }
}

TEST(Outcome, ReasonsAreNames) {
  EXPECT_EQ(reason_of(kEnetdown, Outcome::dropped), "ENETDOWN");
  EXPECT_EQ(reason_of(made_fate(XDPCAP_FATE_EXCEPTION, XDP_TX), Outcome::dropped), "tx-failed");
  EXPECT_EQ(reason_of(made_fate(XDPCAP_FATE_EXCEPTION, 7), Outcome::dropped), "invalid-action");
  EXPECT_EQ(reason_of(made_fate(XDPCAP_FATE_EXCEPTION), Outcome::aborted), "");
  constexpr std::int32_t kLeast = std::numeric_limits<std::int32_t>::min();  // has no negation
  EXPECT_EQ(reason_of(made_fate(XDPCAP_FATE_REDIRECT, 4, kLeast), Outcome::dropped),
            "errno--2147483648");
  EXPECT_EQ(errno_name(4711), "errno-4711");
}

TEST(FateSelection, TakesWhatFitsOneOfItsWords) {
  const xdpcap_fate redirected = made_fate(XDPCAP_FATE_REDIRECT, XDP_REDIRECT);
  const auto takes = [&](const char* words, const xdpcap_fate& fate) {
    return FateSelection::parse(words).takes(fate, outcome_of(fate, true));
  };
  for (const char* words : {"dropped", "failed", "ENETDOWN", "enetdown", "aborted, dropped"}) {
    EXPECT_TRUE(takes(words, kEnetdown)) << words;
    EXPECT_FALSE(takes(words, redirected)) << words;
  }
  EXPECT_TRUE(takes("redirected,none", redirected));
  EXPECT_TRUE(takes("redirected,none", made_fate(XDPCAP_FATE_NONE, XDP_PASS)));
  EXPECT_FALSE(takes("ENETUNREACH", kEnetdown));
  EXPECT_TRUE(FateSelection().takes(redirected, Outcome::redirected));
  for (const char* wrong : {"", "dropped,", "lost", "ENOTHING", "E"}) {
    EXPECT_THROW(FateSelection::parse(wrong), UsageError) << wrong;
  }
}

}  // namespace
}  // namespace xdpcap
