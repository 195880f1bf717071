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

TEST(JsonString, IsAlwaysUtf8) {
  for (const char* text : {"\xc3\xa4", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xf0\x90\x80\x80"}) {
    EXPECT_EQ(json_string(text), "\"" + std::string(text) + "\"");
  }
  for (const char* text : {"\xff", "\x80", "\xc0", "\xc3", "\xf5"}) {
    EXPECT_EQ(json_string(text), R"("\ufffd")") << text;
    EXPECT_EQ(json_string("a" + std::string(text) + "b"), R"("a\ufffdb")") << text;
  }
  for (const char* text : {"\xc1\xbf", "\xc3\xc3", "\xe2\x82"}) {
    EXPECT_EQ(json_string(text), R"("\ufffd\ufffd")") << text;
  }
  for (const char* text : {"\xed\xa0\x80", "\xe0\x9f\xbf", "\xf0\x9f\x98"}) {
    EXPECT_EQ(json_string(text), R"("\ufffd\ufffd\ufffd")") << text;
  }
  EXPECT_EQ(json_string("\xf4\x90\x80\x80"), R"("\ufffd\ufffd\ufffd\ufffd")");
  EXPECT_EQ(json_string("\xf0\x8f\xbf\xbf"), R"("\ufffd\ufffd\ufffd\ufffd")");
}

}  // namespace
}  // namespace xdpcap
