// SPDX-License-Identifier: BSD-3-Clause
#include "base/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace xdpcap {
namespace {

TEST(Error, SystemErrorReadsDoingThenCause) {
  const Error error = system_error("opening /x", ENOENT, "try /y");
  EXPECT_STREQ(error.what(), "opening /x: No such file or directory");
  EXPECT_EQ(error.hint(), "try /y");
}

TEST(Error, ContextGoesInFrontAndKeepsTheHint) {
  try {
    with_context("installing", [] { throw Error("loading: too long", "shorten it"); });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "installing: loading: too long");
    EXPECT_EQ(error.hint(), "shorten it");
  }
}

TEST(Error, ContextKeepsAUsageErrorAUsageError) {
  EXPECT_THROW(with_context("a", [] { throw UsageError("b"); }), UsageError);
}

TEST(Error, ContextPassesTheResultThrough) {
  EXPECT_EQ(with_context("adding", [] { return 1 + 1; }), 2);
}

}  // namespace
}  // namespace xdpcap
