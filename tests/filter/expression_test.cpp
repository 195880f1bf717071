// SPDX-License-Identifier: BSD-3-Clause
#include "filter/expression.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "filter/oracle.hpp"

namespace xdpcap {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr LinkType kEthernet{1};

TEST(Expression, CompilesAndOptimisesAsTcpdumpDoes) {
  EXPECT_EQ(to_string(compile_filter("icmp", kEthernet), CbpfFormat::decimal),
            "6\n40 0 0 12\n21 0 3 2048\n48 0 0 23\n21 0 1 1\n6 0 0 262144\n6 0 0 0\n");
}

TEST(Expression, EmptyMatchesEverything) {
  const CbpfProgram everything = {{0x06, 0, 0, 262144}};
  EXPECT_EQ(compile_filter("", kEthernet), everything);
  EXPECT_EQ(compile_filter("  ", kEthernet), everything);
}

TEST(Expression, RefusesToAskForWhatASocketKnows) {
  for (const char* filter : {"inbound", "outbound", "icmp and inbound"}) {
    EXPECT_THAT([&] { (void)compile_filter(filter, kEthernet); }, ::testing::Throws<UsageError>())
        << filter;
  }
  // Captures of "any" have it in their headers.
  EXPECT_NO_THROW((void)compile_filter("inbound", LinkType{113}));  // LINUX_SLL
}

TEST(Expression, NetmaskIsThatOfASavefile) {
  EXPECT_EQ(compile_filter("ip broadcast", kEthernet),
            compile_filter("ip dst 0.0.0.0 or ip dst 255.255.255.255", kEthernet));
}

TEST(Expression, KeepsTheWordsOfLibpcap) {
  EXPECT_THAT(
      [] { compile_filter("tcp prot 80", kEthernet); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("tcp prot 80"), HasSubstr("syntax error"))));
  EXPECT_THAT(
      [] { compile_filter("host", kEthernet); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("filter \"host\": "), HasSubstr("syntax error"))));
  EXPECT_THAT([] { compile_filter("ip", LinkType{9999}); },
              ThrowsMessage<UsageError>(HasSubstr("unknown data link type 9999")));
}

// A file of a filter may be any file.
TEST(Expression, QuotesTheBeginningOfALongFilterAndNoEscapeSequences) {
  using ::testing::ResultOf;
  using ::testing::Throws;
  const auto message = [](const auto& matcher) {
    return Throws<UsageError>(
        ResultOf([](const UsageError& error) { return std::string(error.what()); }, matcher));
  };
  const std::string bad = "tcp prot \x1b[31m";
  EXPECT_THAT([&] { compile_filter(bad, kEthernet); },
              message(AllOf(HasSubstr("\"tcp prot ?[31m\""), ::testing::Not(HasSubstr("\x1b")))));
  const std::string start(200, 'x');
  const auto is_short =
      ResultOf([](const std::string& text) { return text.size(); }, ::testing::Lt(600U));
  EXPECT_THAT([&] { compile_filter(start + " " + std::string(500'000, 'y'), kEthernet); },
              message(AllOf(HasSubstr("\"" + start + "...\""), is_short)));
  EXPECT_THAT([&] { compile_filter("1," + std::string(500'000, 'y'), kEthernet); },
              message(is_short));
  EXPECT_THAT([&] { compile_filter(std::string(500'000, '1') + ",6 0 0 0", kEthernet); },
              message(is_short));
}

TEST(Expression, DependsOnTheLinkType) {
  EXPECT_NE(compile_filter("icmp", kEthernet), compile_filter("icmp", parse_link_type("RAW")));
}

TEST(Expression, TakesARawProgram) {
  const CbpfProgram icmp = compile_filter("icmp", kEthernet);
  const char* const raw = "6,40 0 0 12,21 0 3 2048,48 0 0 23,21 0 1 1,6 0 0 262144,6 0 0 0";
  EXPECT_EQ(compile_filter(raw, kEthernet), icmp);
  EXPECT_EQ(compile_filter(std::string(raw) + ",", kEthernet), icmp);
  EXPECT_EQ(compile_filter(" 1, 6  0 0 1 , ", kEthernet), (CbpfProgram{{6, 0, 0, 1}}));
}

TEST(Expression, SaysWhatIsWrongWithARawProgram) {
  const auto why = [](const char* text, const char* words) {
    EXPECT_THAT([&] { compile_filter(text, kEthernet); },
                ThrowsMessage<UsageError>(HasSubstr(words)));
  };
  why("2,6 0 0 1", "declares 2 instructions and has 1");
  why("0,", "no instructions");
  why("1,6 0 1", "instruction 0 of the filter: \"6 0 1\" is not");
  why("1,6 0 0 -1", "is not \"code jt jf k\"");
  why("1,6 0 256 1", "is not \"code jt jf k\"");
  why("1,6 0 0 4294967296", "is not \"code jt jf k\"");
  why("1,255 0 0 0", "unknown opcode 0xff");
}

TEST(LinkType, IsANameOrANumber) {
  EXPECT_EQ(parse_link_type("EN10MB").dlt, 1);
  EXPECT_EQ(parse_link_type("en10mb").dlt, 1);
  EXPECT_EQ(parse_link_type("DLT_EN10MB").dlt, 1);
  EXPECT_EQ(parse_link_type("dlt_linux_sll").dlt, 113);
  EXPECT_EQ(parse_link_type("147").dlt, 147);
  EXPECT_THAT([] { parse_link_type("ethernett"); },
              ThrowsMessage<UsageError>(HasSubstr("unknown link type \"ethernett\"")));
  EXPECT_THROW(parse_link_type("-1"), UsageError);
  EXPECT_THROW(parse_link_type(""), UsageError);
}

// Whatever name libpcap knows, it is taken, and a filter compiles for it or libpcap says why not.
TEST(LinkType, EveryNameThatLibpcapKnows) {
  int names = 0;
  int compiled = 0;
  for (int dlt = 0; dlt < 400; ++dlt) {
    const std::string name = test::link_type_name(dlt);
    if (name.empty()) continue;
    ++names;
    EXPECT_EQ(parse_link_type(name).dlt, dlt) << name;
    try {
      compile_filter("len > 60", parse_link_type(name));
      ++compiled;
    } catch (const UsageError& error) {
      EXPECT_STRNE(error.what(), "") << name;
    }
  }
  EXPECT_GT(names, 150);
  EXPECT_GT(compiled, 150);
}

TEST(LinkType, NamesAreListed) {
  const std::vector<std::string> names = link_type_names();
  EXPECT_GT(names.size(), 150U);
  EXPECT_EQ(names.front(), "NULL");  // libpcap's name for 0
  EXPECT_THAT(names, ::testing::IsSupersetOf({"EN10MB", "RAW", "LINUX_SLL"}));
}

TEST(Offsets, AreNumbersWithCommas) {
  EXPECT_EQ(parse_offsets("14"), (std::vector<std::uint32_t>{14}));
  EXPECT_EQ(parse_offsets("14, 34,65535"), (std::vector<std::uint32_t>{14, 34, 65535}));
  for (const char* text : {"", "14,", "-1", "65536", "x"}) {
    EXPECT_THROW(parse_offsets(text), UsageError) << text;
  }
}

}  // namespace
}  // namespace xdpcap
