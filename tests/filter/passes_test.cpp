// SPDX-License-Identifier: BSD-3-Clause
// The passes on real filters, and corner cases that random programs seldom hit.
#include "filter/passes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <vector>

#include "filter/codegen.hpp"
#include "filter/differential.hpp"
#include "filter/ebpf_interpreter.hpp"
#include "filter/expression.hpp"
#include "filter/filter_program.hpp"
#include "filter/random_program.hpp"

namespace xdpcap::test {
namespace {

// Packets of every length up to 40, with every pair of values at 12 and 14.
void expect_agreement(const CbpfProgram& filter) {
  const CompiledFilter compiled(filter, Where::interpreter);
  Tally tally;
  for (std::size_t size = 0; size <= 40; ++size) {
    for (unsigned values = 0; values < 16; ++values) {
      Bytes packet(size);
      for (std::size_t at = 12; at < std::min<std::size_t>(size, 16); ++at) {
        packet[at] = (values >> (at - 12)) & 1;
      }
      ASSERT_EQ(compiled.mismatch(packet, tally), "");
    }
  }
  EXPECT_GT(tally.matches, 0U);
  EXPECT_GT(tally.others, 0U);
}

TEST(FuseTests, LeavesShortPacketsTheirWay) {
  // A packet that ends after the first value matches if that value differs.
  expect_agreement({{0x28, 0, 0, 12},
                    {0x15, 0, 3, 1},
                    {0x28, 0, 0, 14},
                    {0x15, 0, 1, 1},
                    {0x06, 0, 0, 0},
                    {0x06, 0, 0, 1}});
  // The other way round, the second value is inside what the first one needs.
  expect_agreement({{0x28, 0, 0, 14},
                    {0x15, 0, 3, 1},
                    {0x28, 0, 0, 12},
                    {0x15, 0, 1, 1},
                    {0x06, 0, 0, 0},
                    {0x06, 0, 0, 1}});
  // And if both reject, a longer need does no harm.
  expect_agreement({{0x30, 0, 0, 12},
                    {0x15, 0, 3, 1},
                    {0x30, 0, 0, 15},
                    {0x45, 1, 0, 1},
                    {0x06, 0, 0, 1},
                    {0x06, 0, 0, 0}});
}

TEST(FuseTests, KeepsAValueThatIsReadLater) {
  // The second value passes its test as 0 and as 1, and is then the verdict.
  expect_agreement({{0x28, 0, 0, 12},
                    {0x15, 0, 3, 1},
                    {0x28, 0, 0, 14},
                    {0x45, 1, 0, 2},
                    {0x16, 0, 0, 0},
                    {0x06, 0, 0, 0}});
}

TEST(FuseTests, KnowsThatNoByteHasTwoValues) {
  // The same byte, and two halves that share one: never both, so all match.
  expect_agreement({{0x30, 0, 0, 12},
                    {0x15, 0, 3, 1},
                    {0x30, 0, 0, 12},
                    {0x15, 0, 1, 0},
                    {0x06, 0, 0, 0},
                    {0x06, 0, 0, 1}});
  expect_agreement({{0x28, 0, 0, 12},
                    {0x15, 0, 3, 0x0101},
                    {0x28, 0, 0, 13},
                    {0x15, 0, 1, 0x0001},
                    {0x06, 0, 0, 0},
                    {0x06, 0, 0, 1}});
}

TEST(RemoveDeadCode, KeepsWhatALoadDemands) {
  expect_agreement({{0x20, 0, 0, 30}, {0x06, 0, 0, 1}});
  expect_agreement({{0x01, 0, 0, 20}, {0x40, 0, 0, 3}, {0x06, 0, 0, 1}});
}

TEST(GuardPacket, TakesEachWayByItself) {
  // One way needs 38 bytes, the other one 15: the guard in front may ask for 15 only.
  expect_agreement({{0x30, 0, 0, 12},
                    {0x15, 0, 2, 1},
                    {0x20, 0, 0, 34},
                    {0x06, 0, 0, 1},
                    {0x30, 0, 0, 14},
                    {0x06, 0, 0, 1}});
}

TEST(ChooseByteOrder, KnowsWhatBytesCannotHold) {
  // No two bytes are 0x10001, and of 0x10001 two bytes can share the lowest bit only.
  expect_agreement({{0x28, 0, 0, 12}, {0x15, 0, 1, 0x10001}, {0x06, 0, 0, 0}, {0x06, 0, 0, 1}});
  expect_agreement({{0x28, 0, 0, 12}, {0x45, 0, 1, 0x10001}, {0x06, 0, 0, 1}, {0x06, 0, 0, 0}});
  // But a filter can put bits above two bytes.
  expect_agreement({{0x28, 0, 0, 12},
                    {0x44, 0, 0, 0x10000},
                    {0x15, 0, 1, 0x10001},
                    {0x06, 0, 0, 1},
                    {0x06, 0, 0, 0}});
}

TEST(Lift, ShiftsByXAsLibpcapDoes) {
  for (const bool left : {false, true}) {
    // A is all ones or one, shifted by the packet's first byte.
    const std::uint16_t shift = left ? 0x6c : 0x7c;
    const CompiledFilter compiled({{0x30, 0, 0, 0},
                                   {0x07, 0, 0, 0},
                                   {0x00, 0, 0, left ? 1 : 0xFFFFFFFF},
                                   {shift, 0, 0, 0},
                                   {0x16, 0, 0, 0}},
                                  Where::interpreter);
    Tally tally;
    for (unsigned bits = 0; bits < 256; ++bits) {
      EXPECT_EQ(compiled.mismatch(Bytes(20, static_cast<std::uint8_t>(bits)), tally), "") << bits;
    }
    EXPECT_EQ(tally.matches, 32U);
  }
}

// With one more byte, no packet has it.
TEST(Lift, ReadsAsFarAsTheVerifierGoes) {
  const auto reads = [](std::uint16_t load, std::uint32_t offset) {
    const CbpfProgram filter = {{load, 0, 0, offset}, {0x06, 0, 0, 1}};
    const CompiledFilter compiled(filter, Where::interpreter);
    Tally tally;
    EXPECT_EQ(compiled.mismatch(Bytes(65535, 1), tally), "");
    return tally.matches == 1;
  };
  EXPECT_TRUE(reads(0x30, 65534));
  EXPECT_FALSE(reads(0x30, 65535));
  EXPECT_TRUE(reads(0x28, 65533));
  EXPECT_FALSE(reads(0x28, 65534));
  EXPECT_TRUE(reads(0x20, 65531));
  EXPECT_FALSE(reads(0x20, 65532));
  // From X, which is 0, on.
  EXPECT_TRUE(reads(0x50, 65534));
  EXPECT_FALSE(reads(0x50, 65535));
}

// An IPv6 packet with this many destination options headers (8 bytes each) before TCP.
Bytes packet_with_headers(std::size_t headers) {
  Bytes packet(14 + 40 + 8 * headers + 20);
  packet[12] = 0x86;
  packet[13] = 0xdd;
  packet[14] = 0x60;
  packet[20] = headers == 0 ? 6 : 60;
  for (std::size_t i = 0; i < headers; ++i) packet[54 + 8 * i] = i + 1 == headers ? 6 : 60;
  return packet;
}

TEST(Protochain, FollowsSixtyFourHeaders) {
  const CbpfProgram filter = compile_filter("ip6 protochain 6", LinkType{1});
  for (const bool frags : {false, true}) {
    const ebpf::Program program = make_filter_program(filter, frags);
    for (std::size_t headers = 0; headers < 70; ++headers) {
      const Bytes packet = packet_with_headers(headers);
      // With more, libpcap 1.10 matches, and 1.11 gives up as we do.
      if (headers <= 64) {
        ASSERT_TRUE(libpcap_matches(filter, packet)) << headers;
      }
      const std::size_t linear = frags ? 60 : packet.size();
      EXPECT_EQ(interpret(program, packet, linear), headers <= 64 ? kMatch : kNoMatch) << headers;
    }
  }
}

// How much of a packet is copied for a filter that cannot read it where it is.
TEST(Reach, IsWhatTheFilterMayRead) {
  const auto reach = [](const char* text, std::vector<std::uint32_t> offsets = {}) {
    return filter_reach(compile_filter(text, LinkType{1}), offsets);
  };
  EXPECT_EQ(reach(""), 0U);
  EXPECT_EQ(reach("greater 100"), 0U);
  EXPECT_EQ(reach("ether[0] = 1"), 1U);
  EXPECT_EQ(reach("icmp"), 24U);
  // Past the longest IPv4 header: 14 + 60 + 4.
  EXPECT_EQ(reach("tcp port 80"), 78U);
  EXPECT_EQ(reach("tcp port 80", {0, 100}), 178U);
  EXPECT_EQ(reach("ip6 protochain 6"), 65535U);
}

TEST(Size, StaysWithinTheTarget) {
  std::ifstream file("tests/bench/filter/expressions.txt");
  std::vector<double> ratios;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    const CbpfProgram filter = compile_filter(line, LinkType{1});
    ratios.push_back(static_cast<double>(filter_size(filter)) / static_cast<double>(filter.size()));
    EXPECT_LE(ratios.back(), 2.5) << line;
  }
  ASSERT_GT(ratios.size(), 40U);
  std::ranges::sort(ratios);
  EXPECT_LE(ratios[ratios.size() / 2], 1.6);
}

}  // namespace
}  // namespace xdpcap::test
