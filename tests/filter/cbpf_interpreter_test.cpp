// SPDX-License-Identifier: BSD-3-Clause
// The differential tests compare the interpreter with libpcap; these tests cover the rest.
#include "filter/cbpf_interpreter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "filter/differential.hpp"
#include "filter/ebpf_interpreter.hpp"
#include "filter/filter_program.hpp"
#include "filter/packet_filter.hpp"

namespace xdpcap::test {
namespace {

const CbpfProgram kEndless = {{0x00, 0, 0, 0}, {0x05, 0, 0, 0xFFFFFFFE}, {0x06, 0, 0, 1}};

// As many jumps backwards as the packet's first byte says.
const CbpfProgram kLoop = {
    {0x30, 0, 0, 0}, {0x15, 2, 0, 0}, {0x14, 0, 0, 1}, {0x05, 0, 0, 0xFFFFFFFD}, {0x06, 0, 0, 1}};

TEST(CbpfInterpreter, EndsWhateverTheProgram) {
  const std::array<std::byte, 60> packet{};
  EXPECT_EQ(run_cbpf(kEndless, packet), CbpfVerdict::endless);
  EXPECT_FALSE(filter_takes(kEndless, {}, packet));
  const std::array<std::uint32_t, 2> offsets = {14, 34};
  EXPECT_FALSE(filter_takes(kEndless, offsets, packet));
}

TEST(CbpfInterpreter, GivesUpWhereTheCompiledFilterDoes) {
  const ebpf::Program compiled = make_filter_program(kLoop, false);
  for (std::uint8_t jumps = 0; jumps < 100; ++jumps) {
    const std::vector<std::uint8_t> packet = {jumps, 0, 0};
    const bool matches = jumps <= 64;
    EXPECT_EQ(interpret(compiled, packet), matches ? kMatch : kNoMatch) << +jumps;
    EXPECT_EQ(run_cbpf(kLoop, std::as_bytes(std::span(packet))),
              matches ? CbpfVerdict::match : CbpfVerdict::endless);
  }
}

// A whole differential test of a program that does not end, as fuzzers find them.
TEST(CbpfInterpreter, StandsInForLibpcapWhereThatWouldNotEnd) {
  const CompiledFilter filter(kEndless, Where::interpreter);
  Tally tally;
  EXPECT_EQ(filter.mismatch(Bytes(60), tally), "");
  EXPECT_EQ(tally.others, 1U);
}

TEST(CbpfInterpreter, ScratchMemoryStartsAtZero) {
  EXPECT_EQ(run_cbpf({{0x60, 0, 0, 7}, {0x16, 0, 0, 0}}, {}), CbpfVerdict::no_match);
}

TEST(CbpfInterpreter, ReadsNoFurtherThanTheKernel) {
  const std::vector<std::byte> packet(70000, std::byte{1});
  EXPECT_EQ(run_cbpf({{0x30, 0, 0, 65534}, {0x16, 0, 0, 0}}, packet), CbpfVerdict::match);
  EXPECT_EQ(run_cbpf({{0x30, 0, 0, 65535}, {0x16, 0, 0, 0}}, packet), CbpfVerdict::no_match);
}

}  // namespace
}  // namespace xdpcap::test
