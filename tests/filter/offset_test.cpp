// SPDX-License-Identifier: BSD-3-Clause
// Filters at byte offsets, compared with libpcap on the packet without its first bytes; and the
// dump.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "filter/capture_file.hpp"
#include "filter/codegen.hpp"
#include "filter/ebpf_interpreter.hpp"
#include "filter/filter_program.hpp"
#include "filter/kernel_program.hpp"
#include "filter/oracle.hpp"
#include "filter/random_program.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

bool matches_at(const CbpfProgram& filter, const std::vector<std::uint32_t>& offsets,
                std::span<const std::uint8_t> packet) {
  return std::ranges::any_of(offsets, [&](std::uint32_t offset) {
    return offset <= packet.size() && libpcap_matches(filter, packet.subspan(offset));
  });
}

TEST(Offset, FindsWhatIsInsideTunnels) {
  const bool kernel = can_load_programs();
  int matches = 0;
  int others = 0;
  for (const char* text : {"tcp", "udp port 5001", "ip6", "host 10.1.0.1", "len > 60", "len < 40",
                           "icmp or icmp6", "ip6 protochain 17", "not ip"}) {
    const CbpfProgram filter = compile_filter(text, kRawIp);
    for (const std::vector<std::uint32_t>& offsets : std::vector<std::vector<std::uint32_t>>{
             {14}, {14, 34}, {34, 14}, {50, 38, 42, 0}, {60000, 24}, {65535}}) {
      const ebpf::Program linear = make_filter_program(filter, false, offsets);
      const ebpf::Program frags = make_filter_program(filter, true, offsets);
      std::optional<KernelProgram> in_kernel;
      if (kernel) in_kernel.emplace(linear, false);
      for (const char* file :
           {"gre", "vxlan", "gtpu", "ipip", "mpls", "pppoe", "tunnels", "runts"}) {
        for (const Bytes& packet : read_capture("pcaps/" + std::string(file) + ".pcap").packets) {
          const bool expected = matches_at(filter, offsets, packet);
          ++(expected ? matches : others);
          const std::uint32_t verdict = expected ? kMatch : kNoMatch;
          ASSERT_EQ(interpret(linear, packet), verdict) << text << " in " << file;
          ASSERT_EQ(interpret(frags, packet, packet.size() / 2), verdict) << text << " in " << file;
          if (in_kernel && packet.size() >= kShortestKernelPacket) {
            ASSERT_EQ(in_kernel->run(packet), verdict) << text << " in " << file;
          }
        }
      }
    }
  }
  EXPECT_GT(matches, 500);
  EXPECT_GT(others, 500);
}

TEST(Offset, DisplacesRandomProgramsToo) {
  int matches = 0;
  int others = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    Choices choices(seed);
    const CbpfProgram filter = random_program(choices, 1 + choices.below(40));
    const std::vector<std::uint32_t> offsets = {choices.below(40), choices.below(40)};
    const ebpf::Program program = make_filter_program(filter, false, offsets);
    for (int i = 0; i < 10; ++i) {
      const Bytes packet = random_packet(choices, choices.below(100));
      const bool expected = matches_at(filter, offsets, packet);
      ++(expected ? matches : others);
      ASSERT_EQ(interpret(program, packet), expected ? kMatch : kNoMatch)
          << seed << "\n"
          << to_string(filter, CbpfFormat::assembly);
    }
  }
  EXPECT_GT(matches, 1000);
  EXPECT_GT(others, 1000);
}

TEST(Dump, ShowsTheSourceBesideEachInstruction) {
  const CbpfProgram icmp = compile_filter("icmp", LinkType{1});
  EXPECT_EQ(
      dump_filter(icmp, {}, false),
      "   0: r2 = r7                                 ; (000) ldh      [12]\n"
      "   1: r2 += 24\n"
      "   2: if r2 > r8 goto 9\n"
      "   3: r0 = *(u16 *)(r7 +12)\n"
      "   4: if w0 != 8 goto 9                       ; (001) jeq      #0x800           jt 2\tjf 5\n"
      "   5: r0 = *(u8 *)(r7 +23)                    ; (002) ldb      [23]\n"
      "   6: if w0 == 1 goto 8                       ; (003) jeq      #0x1             jt 4\tjf 5\n"
      "   7: goto 9\n"
      "   8: exit                                    ; match\n"
      "   9: exit                                    ; no match\n");
  EXPECT_THAT(dump_filter(icmp, {}, true), HasSubstr("call helper#189"));
}

}  // namespace
}  // namespace xdpcap::test
