// SPDX-License-Identifier: BSD-3-Clause
// Filters in the kernel, compared with libpcap: every classic instruction, with linear packets and
// with fragments.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "filter/expression.hpp"
#include "filter/filter_program.hpp"
#include "filter/kernel_program.hpp"
#include "filter/oracle.hpp"

namespace xdpcap::test {
namespace {

Bytes counting_packet(std::size_t size) {
  Bytes packet(size);
  for (std::size_t i = 0; i < size; ++i) packet[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return packet;
}

Bytes tcp_packet(std::size_t size) {
  Bytes packet = counting_packet(size);
  const Bytes header = {0, 1, 2, 3,  4, 5, 6, 7,   8, 9, 10, 11,  8, 0, 0x45, 0,    0,    40, 0,
                        0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1,  192, 0, 2, 2,    0x30, 0x39, 1,  0xbb};
  std::copy(header.begin(), header.end(), packet.begin());
  return packet;
}

class KernelFilter : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (!can_load_programs()) GTEST_SKIP() << "may not load BPF programs here";
    if (GetParam() && !has_frags())
      GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  }

  // The kernel and libpcap agree on `packet`; returns what they say.
  static bool verdict(const CbpfProgram& filter, const Bytes& packet) {
    const bool frags = GetParam();
    const KernelProgram program(make_filter_program(filter, frags), frags);
    const bool expected = libpcap_matches(filter, packet);
    EXPECT_EQ(program.run(packet), expected ? kMatch : kNoMatch);
    if (frags && can_choose_linear_part()) {
      for (std::uint32_t linear = 14; linear < std::min<std::size_t>(packet.size(), 80);
           linear += 3) {
        EXPECT_EQ(program.run(packet, linear), expected ? kMatch : kNoMatch) << linear;
      }
    }
    return expected;
  }
};

class KernelFilterFrags : public KernelFilter {};

// Each line is a body that leaves a value in A; a return of A follows, compared with 0.
TEST_P(KernelFilter, RunsEveryInstruction) {
  const std::vector<CbpfProgram> bodies = {
      {{0x20, 0, 0, 20}},
      {{0x28, 0, 0, 20}},
      {{0x30, 0, 0, 20}},
      {{0x20, 0, 0, 61}},
      {{0x30, 0, 0, 0xFFFFF000}},
      {{0x30, 0, 0, 0xFFFFF02C}},
      {{0x20, 0, 0, 0xFFFFFFFF}},
      {{0x01, 0, 0, 9}, {0x40, 0, 0, 20}},
      {{0x01, 0, 0, 9}, {0x48, 0, 0, 20}},
      {{0x01, 0, 0, 9}, {0x50, 0, 0, 20}},
      {{0x01, 0, 0, 0xFFFFFFFF}, {0x50, 0, 0, 20}},
      {{0x01, 0, 0, 20}, {0x50, 0, 0, 0xFFFFFFFF}},
      {{0x80, 0, 0, 0}},
      {{0x81, 0, 0, 0}, {0x87, 0, 0, 0}},
      {{0xb1, 0, 0, 20}, {0x87, 0, 0, 0}},
      {{0x00, 0, 0, 5}, {0x02, 0, 0, 3}, {0x61, 0, 0, 3}, {0x03, 0, 0, 15}, {0x60, 0, 0, 15}},
      {{0x00, 0, 0, 5}, {0x07, 0, 0, 0}, {0x00, 0, 0, 0}, {0x87, 0, 0, 0}},
      {{0x30, 0, 0, 3}, {0x84, 0, 0, 0}},
  };
  int matches = 0;
  int others = 0;
  const auto count = [&](bool matched) { ++(matched ? matches : others); };
  const Bytes packet = counting_packet(64);
  for (CbpfProgram program : bodies) {
    program.push_back({0x16, 0, 0, 0});
    SCOPED_TRACE(to_string(program, CbpfFormat::assembly));
    count(verdict(program, packet));
  }
  for (const unsigned op : {0x00U, 0x10U, 0x20U, 0x30U, 0x40U, 0x50U, 0x60U, 0x70U, 0x90U, 0xa0U}) {
    for (const std::uint32_t k : {1U, 3U, 31U, 32U, 0x80000000U, 0U}) {
      for (const std::uint16_t x : {0x00, 0x08}) {
        const bool skip =
            x == 0 && (k == 0 || k >= 32) && (op == 0x30 || op == 0x90 || op == 0x60 || op == 0x70);
        if (skip) continue;
        const CbpfProgram program = {{0x01, 0, 0, k},
                                     {0x20, 0, 0, 30},
                                     {static_cast<std::uint16_t>(0x04 | op | x), 0, 0, k},
                                     {0x25, 0, 1, 0x76543210},
                                     {0x06, 0, 0, 1},
                                     {0x06, 0, 0, 0}};
        SCOPED_TRACE(to_string(program, CbpfFormat::assembly));
        count(verdict(program, packet));
      }
    }
  }
  EXPECT_GT(matches, 20);
  EXPECT_GT(others, 20);
}

// As in libpcap 1.11; in 1.10, such a program reads what was on the stack.
TEST_P(KernelFilter, ScratchMemoryStartsAtZero) {
  const CbpfProgram filter = {{0x60, 0, 0, 7}, {0x16, 0, 0, 0}};
  const KernelProgram program(make_filter_program(filter, GetParam()), GetParam());
  EXPECT_EQ(program.run(counting_packet(64)), kNoMatch);
}

TEST_P(KernelFilter, RunsEveryJump) {
  int matches = 0;
  int others = 0;
  const Bytes packet = counting_packet(64);
  for (const std::uint16_t jump : {0x15, 0x25, 0x35, 0x45, 0x1d, 0x2d, 0x3d, 0x4d}) {
    for (const std::uint32_t k : {0xe7eef5fcU, 0xe7eef5fbU, 0xe7eef5fdU, 0U, 0x80000000U, 1U}) {
      const CbpfProgram program = {
          {0x01, 0, 0, k}, {0x20, 0, 0, 33}, {jump, 0, 1, k}, {0x06, 0, 0, 1}, {0x06, 0, 0, 0}};
      SCOPED_TRACE(to_string(program, CbpfFormat::assembly));
      ++(verdict(program, packet) ? matches : others);
    }
  }
  EXPECT_GT(matches, 10);
  EXPECT_GT(others, 10);
}

TEST_P(KernelFilter, RunsExpressionsOnPacketsOfEveryLength) {
  for (const char* text : {"tcp port 443", "tcp[((tcp[12] & 0xf0) >> 2):4] != 0", "len > 50",
                           "ip host 192.0.2.1 and tcp dst port 443", "ip6 protochain 6",
                           "ip protochain 6", "vlan or mpls or not icmp"}) {
    const CbpfProgram filter = compile_filter(text, LinkType{1});
    int matches = 0;
    int others = 0;
    for (std::size_t size = 38; size < 90; ++size) {
      SCOPED_TRACE(std::string(text) + " on " + std::to_string(size));
      ++(verdict(filter, tcp_packet(size)) ? matches : others);
    }
    if (std::string_view(text).starts_with("len")) {
      EXPECT_GT(others, 0);
    }
    if (!std::string_view(text).starts_with("ip")) {
      EXPECT_GT(matches, 0);
    }
  }
}

// A packet of more than one page has fragments.
TEST_P(KernelFilterFrags, SeesTheWholePacket) {
  const Bytes packet = counting_packet(9000);
  int matches = 0;
  int others = 0;
  for (const std::uint32_t offset :
       {100U, 3516U, 3518U, 3519U, 3520U, 4095U, 8996U, 8997U, 9000U}) {
    const CbpfProgram filter = {{0x20, 0, 0, offset}, {0x16, 0, 0, 0}};
    ++(verdict(filter, packet) ? matches : others);
  }
  EXPECT_TRUE(verdict({{0x80, 0, 0, 0}, {0x15, 0, 1, 9000}, {6, 0, 0, 1}, {6, 0, 0, 0}}, packet));
  EXPECT_GT(matches, 0);
  EXPECT_GT(others, 0);
}

TEST_P(KernelFilter, TakesProgramsWithUnreachableCodeAndWithoutAMatch) {
  const Bytes packet = counting_packet(64);
  EXPECT_FALSE(verdict({{6, 0, 0, 0}}, packet));
  EXPECT_TRUE(verdict({{6, 0, 0, 1}}, packet));
  EXPECT_TRUE(
      verdict({{5, 0, 0, 1}, {6, 0, 0, 0}, {6, 0, 0, 1}, {0x30, 0, 0, 3}, {6, 0, 0, 1}}, packet));
}

// A loop of four instructions that is entered at its second: verifiers before 6.4 are particular
// about what closes it.
TEST_P(KernelFilter, TakesLoopsThatAreEnteredInTheMiddle) {
  const CbpfProgram filter = {{0x30, 0, 0, 20}, {0x15, 0, 1, 7}, {0x14, 0, 0, 1},
                              {0x14, 0, 0, 1},  {0x25, 0, 1, 8}, {0x05, 0, 0, 0xFFFFFFFC},
                              {0x16, 0, 0, 0}};
  Bytes packet = counting_packet(64);
  int matches = 0;
  int others = 0;
  for (unsigned value = 0; value < 256; ++value) {
    packet[20] = static_cast<std::uint8_t>(value);
    ++(verdict(filter, packet) ? matches : others);
  }
  EXPECT_GT(matches, 0);
  EXPECT_GT(others, 0);
}

TEST_P(KernelFilter, TakesProgramsOfTheMaximumLength) {
  CbpfProgram filter;
  for (unsigned i = 0; i < 1364; ++i) {
    filter.push_back({0x30, 0, 0, i % 64});
    filter.push_back({0x15, 0, 1, (i * 7) % 251});
    filter.push_back({0x06, 0, 0, i == 40 ? 1U : 0U});
  }
  filter.resize(4095, {0x87, 0, 0, 0});
  filter.push_back({0x06, 0, 0, 1});
  ASSERT_EQ(filter.size(), 4096U);
  verdict(filter, Bytes(64, 250));
  verdict(filter, counting_packet(64));
}

INSTANTIATE_TEST_SUITE_P(Flavour, KernelFilterFrags, ::testing::Values(true));
INSTANTIATE_TEST_SUITE_P(Flavours, KernelFilter, ::testing::Bool(), [](const auto& info) {
  return info.param ? std::string("Frags") : std::string("Linear");
});

}  // namespace
}  // namespace xdpcap::test
