// SPDX-License-Identifier: BSD-3-Clause
#include "fate/outcome.hpp"

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cerrno>
#include <cstdint>
#include <limits>
#include <string>

#include "base/error.hpp"
#include "fate/drop_reasons.hpp"
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

TEST(Outcome, OfPassedPackets) {
  const auto name = [](std::uint32_t state) {
    return name_of(outcome_of(made_fate(state, XDP_PASS), true));
  };
  EXPECT_EQ(name(XDPCAP_FATE_PASSED), "passed");
  EXPECT_EQ(name(XDPCAP_FATE_STACK_DELIVERED), "delivered");
  EXPECT_EQ(name(XDPCAP_FATE_STACK_CONSUMED), "consumed");
  EXPECT_EQ(name(XDPCAP_FATE_STACK_FORWARDED), "forwarded");
  EXPECT_EQ(name(XDPCAP_FATE_STACK_DROPPED), "dropped");
}

// The numbers of most reasons differ between kernels; a number that none has is shown as it is.
TEST(Outcome, ReasonsOfTheStackAreTheKernels) {
  constexpr std::int32_t kNone = 0xffff;
  constexpr std::uint32_t kNoSubsystem = 0xf0005;
  EXPECT_EQ(reason_of(made_fate(XDPCAP_FATE_STACK_DROPPED, XDP_PASS, kNone), Outcome::dropped),
            "reason-65535");
  EXPECT_EQ(drop_reason(kNoSubsystem), "reason-" + std::to_string(kNoSubsystem));
  if (!is_drop_reason("no_socket")) GTEST_SKIP() << "this kernel names no reasons";
  std::uint32_t number = 0;
  while (drop_reason(number) != "NO_SOCKET" && number < 1000) ++number;
  EXPECT_EQ(
      reason_of(made_fate(XDPCAP_FATE_STACK_DROPPED, XDP_PASS, static_cast<std::int32_t>(number)),
                Outcome::dropped),
      "NO_SOCKET");
  EXPECT_FALSE(explain_drop_reason("NO_SOCKET").empty());
  EXPECT_FALSE(is_drop_reason("no_sock"));
}

TEST(FateSelection, KnowsWhatNeedsTheStack) {
  const auto word = [](const char* words) { return FateSelection::parse(words).word_of_stack(); };
  EXPECT_EQ(word("dropped,failed,none,ENETDOWN"), "");
  EXPECT_EQ(word("dropped,Delivered"), "delivered");
  for (const char* one : {"passed", "consumed", "forwarded"}) EXPECT_EQ(word(one), one);
  if (!is_drop_reason("no_socket")) GTEST_SKIP() << "this kernel names no reasons";
  EXPECT_EQ(word("NO_SOCKET"), "no_socket");
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
