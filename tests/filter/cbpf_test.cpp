// SPDX-License-Identifier: BSD-3-Clause
#include "filter/cbpf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "base/error.hpp"
#include "filter/oracle.hpp"

namespace xdpcap {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const CbpfProgram kIcmp = {
    {0x28, 0, 0, 12}, {0x15, 0, 3, 0x800},  {0x30, 0, 0, 23},
    {0x15, 0, 1, 1},  {0x06, 0, 0, 262144}, {0x06, 0, 0, 0},
};

TEST(Cbpf, HasAMostLength) {
  CbpfProgram program(4095, {0x14, 0, 0, 1});
  program.push_back({0x06, 0, 0, 1});
  validate(program);
  program.push_back({0x06, 0, 0, 1});
  EXPECT_THAT([&] { validate(program); },
              ThrowsMessage<UsageError>(HasSubstr("has 4097 instructions, and 4096 is the most")));
}

TEST(Cbpf, PrintsWhatTcpdumpPrints) {
  // The output of tcpdump -y EN10MB -d, -dd and -ddd icmp.
  EXPECT_EQ(to_string(kIcmp, CbpfFormat::assembly),
            "(000) ldh      [12]\n"
            "(001) jeq      #0x800           jt 2\tjf 5\n"
            "(002) ldb      [23]\n"
            "(003) jeq      #0x1             jt 4\tjf 5\n"
            "(004) ret      #262144\n"
            "(005) ret      #0\n");
  EXPECT_EQ(to_string(kIcmp, CbpfFormat::c_code),
            "{ 0x28, 0, 0, 0x0000000c },\n"
            "{ 0x15, 0, 3, 0x00000800 },\n"
            "{ 0x30, 0, 0, 0x00000017 },\n"
            "{ 0x15, 0, 1, 0x00000001 },\n"
            "{ 0x6, 0, 0, 0x00040000 },\n"
            "{ 0x6, 0, 0, 0x00000000 },\n");
  EXPECT_EQ(to_string(kIcmp, CbpfFormat::decimal),
            "6\n40 0 0 12\n21 0 3 2048\n48 0 0 23\n21 0 1 1\n6 0 0 262144\n6 0 0 0\n");
}

TEST(Cbpf, SaysWhereAndWhyAProgramIsInvalid) {
  const auto why = [](const CbpfProgram& program, const char* words) {
    EXPECT_THAT([&] { validate(program); }, ThrowsMessage<UsageError>(HasSubstr(words)));
  };
  constexpr CbpfInstruction kReturn{0x06, 0, 0, 1};
  why({}, "no instructions");
  why({{0x20, 0, 0, 0}}, "instruction 0 of the filter: the program does not end with a return");
  why({{0xff, 0, 0, 0}, kReturn}, "instruction 0 of the filter: unknown opcode 0xff");
  why({{0x60, 0, 0, 16}, kReturn}, "no scratch memory M[16]");
  why({{0x34, 0, 0, 0}, kReturn}, "division by zero");
  why({{0x94, 0, 0, 0}, kReturn}, "division by zero");
  why({{0x64, 0, 0, 32}, kReturn}, "instruction 0 of the filter: it shifts 32 bits by 32");
  why({{0x74, 0, 0, 0xFFFFFFFF}, kReturn}, "it shifts 32 bits by 4294967295");
  why({kReturn, {0x05, 0, 0, 0xFFFFFFFE}}, "instruction 1 of the filter: the program does not end");
  why({kReturn, {0x15, 0, 1, 0}, kReturn}, "instruction 1 of the filter: it jumps out");
  why({{0x05, 0, 0, 1}, kReturn}, "it jumps out");
  why({{0x05, 0, 0, 0xFFFFFFFF}, kReturn}, "it jumps to itself");
  why({{0x05, 0, 0, 0xFFFFFFFE}, kReturn}, "it jumps out");
}

TEST(Cbpf, TakesEveryShiftWithinAWord) {
  for (std::uint32_t bits = 0; bits < 32; ++bits) {
    EXPECT_NO_THROW(validate({{0x64, 0, 0, bits}, {0x74, 0, 0, bits}, {0x06, 0, 0, 1}}));
  }
  // X is looked at only when the filter runs.
  EXPECT_NO_THROW(validate({{0x6c, 0, 0, 32}, {0x7c, 0, 0, 32}, {0x06, 0, 0, 1}}));
}

// No program that ends in anything but a return is one for libpcap.
TEST(Cbpf, WantsAReturnAtTheEndAsLibpcapDoes) {
  const CbpfProgram ends_in_jump = {{0x06, 0, 0, 1}, {0x05, 0, 0, 0xFFFFFFFE}};
  EXPECT_THROW(validate(ends_in_jump), UsageError);
  EXPECT_FALSE(test::libpcap_accepts(ends_in_jump));
}

// Every opcode there could be: ours and libpcap's validators agree.
TEST(Cbpf, KnowsTheOpcodesThatLibpcapKnows) {
  int known = 0;
  for (unsigned code = 0; code < 0x200; ++code) {
    const CbpfProgram program = {
        {static_cast<std::uint16_t>(code), 0, 0, 1}, {6, 0, 0, 0}, {6, 0, 0, 0}};
    bool accepted = true;
    try {
      validate(program);
    } catch (const UsageError&) {
      accepted = false;
    }
    // bpf_validate() of libpcap 1.10 looks at fewer bits than bpf_filter() switches on, so it lets
    // through opcodes that would abort().
    if (!accepted) continue;
    EXPECT_TRUE(test::libpcap_accepts(program)) << code;
    ++known;
  }
  EXPECT_EQ(known, 49);
}

TEST(Cbpf, JumpsBackwardsAsProtochainDoes) {
  const CbpfProgram program = {
      {0x07, 0, 0, 0}, {0x15, 1, 0, 1}, {0x05, 0, 0, 0xFFFFFFFD}, {0x06, 0, 0, 1}};
  EXPECT_NO_THROW(validate(program));
  EXPECT_EQ(jump_target(program[2], 2), 0U);
}

}  // namespace
}  // namespace xdpcap
