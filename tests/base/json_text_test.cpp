// SPDX-License-Identifier: BSD-3-Clause
#include "base/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace xdpcap {
namespace {

TEST(JsonString, EscapesWhatMayNotStandInOne) {
  EXPECT_EQ(json_string(""), "\"\"");
  EXPECT_EQ(json_string("/sys/fs/bpf"), "\"/sys/fs/bpf\"");
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string(std::string("\n\x1f\0", 3)), R"("\u000a\u001f\u0000")");
  EXPECT_EQ(json_string("\xc3\xa4"), "\"\xc3\xa4\"");
}

}  // namespace
}  // namespace xdpcap
