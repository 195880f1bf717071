// SPDX-License-Identifier: BSD-3-Clause
// Properties of a recorder that can be checked without running it. recording_test runs it.
#include "recorder/recorder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "filter/expression.hpp"
#include "recorder/made_recorder.hpp"
#include "recorder/record.h"
#include "recorder/recorder_world.hpp"

namespace xdpcap {
namespace {

using test::make;
using test::spec;

std::ptrdiff_t calls(const ebpf::Program& program, bpf_func_id helper) {
  return std::count_if(program.code.begin(), program.code.end(), [helper](const bpf_insn& insn) {
    return insn.code == (BPF_JMP | BPF_CALL) && insn.imm == static_cast<std::int32_t>(helper);
  });
}

std::ptrdiff_t exchanges(const ebpf::Program& program) {
  return std::count_if(program.code.begin(), program.code.end(), [](const bpf_insn& insn) {
    return insn.code == (BPF_STX | BPF_XADD | BPF_DW) && insn.imm != BPF_ADD;
  });
}

TEST(Recorder, OnlyCountsWithoutClockCopyOrRing) {
  RecorderSpec only_counts = spec();
  only_counts.only_counts = true;
  const ebpf::Program program = make(only_counts, "");
  for (const bpf_func_id helper : {BPF_FUNC_xdp_load_bytes, BPF_FUNC_ktime_get_ns,
                                   BPF_FUNC_map_lookup_elem, BPF_FUNC_ringbuf_reserve}) {
    EXPECT_EQ(calls(program, helper), 0) << helper;
  }
  EXPECT_EQ(calls(program, BPF_FUNC_get_smp_processor_id), 1);
}

TEST(Recorder, CopiesInOnePlace) {
  const ebpf::Program program = make(spec(), "");
  EXPECT_EQ(calls(program, BPF_FUNC_xdp_load_bytes), 1);
  EXPECT_EQ(calls(program, BPF_FUNC_ktime_get_ns), 1);
}

TEST(Recorder, PublishesWithABarrierWhereStoresAreNotOrdered) {
  RecorderSpec ordered = spec();
  ordered.ordered_stores = true;
  EXPECT_EQ(exchanges(make(ordered, "")), 0);
  RecorderSpec weak = spec();
  weak.ordered_stores = false;
  EXPECT_EQ(exchanges(make(weak, "")), 1);
}

// A recorder that stands alone has nothing of a chain; one that does not goes on at its end, and is
// the same otherwise.
TEST(Recorder, GoesOnToTheNextOnlyWhenThereIsOne) {
  const ebpf::Program alone = make(spec(), "tcp port 80");
  RecorderSpec chained_spec = spec();
  chained_spec.next_fd = 6;
  ebpf::Program chained = make(chained_spec, "tcp port 80");
  EXPECT_EQ(calls(alone, BPF_FUNC_tail_call), 0);
  EXPECT_EQ(calls(chained, BPF_FUNC_tail_call), 1);
  constexpr std::ptrdiff_t kCall = 5;  // context, array (two), index, call
  constexpr std::ptrdiff_t kReturn = 2;
  ASSERT_EQ(chained.code.size(), alone.code.size() + kCall);
  chained.code.erase(chained.code.end() - kReturn - kCall, chained.code.end() - kReturn);
  for (std::size_t i = 0; i < alone.code.size(); ++i) {
    EXPECT_EQ(std::memcmp(&alone.code[i], &chained.code[i], sizeof(bpf_insn)), 0) << i;
  }
}

TEST(Recorder, OlderKernelsCopyWithoutXdpLoadBytes) {
  RecorderSpec old = spec();
  old.has_xdp_load_bytes = false;
  const ebpf::Program program = make(old, "tcp port 80");
  EXPECT_EQ(calls(program, BPF_FUNC_xdp_load_bytes), 0);
  EXPECT_EQ(calls(program, BPF_FUNC_probe_read_kernel), 1);
}

TEST(Recorder, AsksForTheLengthWhereTheKernelKnowsIt) {
  RecorderSpec old = spec();
  old.has_xdp_load_bytes = false;
  EXPECT_EQ(calls(make(old, ""), BPF_FUNC_xdp_get_buff_len), 0);
  RecorderSpec frags = spec();
  frags.frags = true;
  EXPECT_EQ(calls(make(frags, ""), BPF_FUNC_xdp_get_buff_len), 1);
  EXPECT_EQ(calls(make(spec(), ""), BPF_FUNC_xdp_get_buff_len), 1);
}

// Which helpers a recorder calls for a packet that has `linear` of its 100 bytes in one piece.
std::vector<std::int32_t> calls_for(bool frags, const char* filter, std::size_t linear) {
  constexpr std::size_t kRing = 4096;
  test::RecorderWorld world(kRing);
  RecorderSpec spec = test::RecorderWorld::spec(kRing);
  spec.frags = frags;
  const ebpf::Program program = make(spec, filter);
  const std::vector<std::uint8_t> packet(100);
  test::Interpreter recorder(program, packet, linear, &world);
  recorder.run();
  EXPECT_EQ(world.counters().matched, 0U);
  return recorder.calls();
}

TEST(Recorder, CallsNoHelperForAPacketThatDoesNotMatch) {
  using ::testing::Contains;
  using ::testing::ElementsAre;
  constexpr std::int32_t kLength = BPF_FUNC_xdp_get_buff_len;
  const auto cpu_only = ElementsAre(BPF_FUNC_get_smp_processor_id);
  for (const bool frags : {false, true}) {
    EXPECT_THAT(calls_for(frags, "tcp port 80", 100), cpu_only);
    EXPECT_THAT(calls_for(frags, "tcp port 80", 50), cpu_only);
    EXPECT_THAT(calls_for(frags, "1,6 0 0 0", 0), cpu_only);
    // Unless only the helpers have the answer.
    EXPECT_THAT(calls_for(frags, "ip[60] = 1", 50), Contains(kLength));
    EXPECT_THAT(calls_for(frags, "len > 100", 100), Contains(kLength));
  }
}

// Jumps are longer over what was put in between.
bool same_but_for_jumps(const bpf_insn& a, const bpf_insn& b) {
  const bool jump = BPF_CLASS(a.code) == BPF_JMP || BPF_CLASS(a.code) == BPF_JMP32;
  return a.code == b.code && a.dst_reg == b.dst_reg && a.src_reg == b.src_reg && a.imm == b.imm &&
         (jump || a.off == b.off);
}

std::ptrdiff_t loads_of_map(const ebpf::Program& program, int fd) {
  return std::count_if(program.code.begin(), program.code.end(), [fd](const bpf_insn& insn) {
    return insn.code == (BPF_LD | BPF_DW | BPF_IMM) && insn.src_reg != 0 && insn.imm == fd;
  });
}

// A recorder that notes no fates is one that does with all about fates taken out, and nothing put
// in their place.
TEST(Recorder, OnlyThoseWhoAskPayForFates) {
  constexpr int kLastFd = 77;
  RecorderSpec noting = spec();
  noting.has_xdp_load_bytes = false;  // what it loads into the stack would lie elsewhere
  const ebpf::Program without = make(noting, "tcp port 80");
  noting.last_fd = kLastFd;
  const ebpf::Program with = make(noting, "tcp port 80");
  EXPECT_EQ(loads_of_map(without, kLastFd), 0);
  EXPECT_EQ(loads_of_map(with, kLastFd), 1);

  // The room to reserve is the one number that differs.
  int other_numbers = 0;
  auto next = with.code.begin();
  for (const bpf_insn& insn : without.code) {
    next = std::find_if(next, with.code.end(), [&](const bpf_insn& candidate) {
      bpf_insn room = candidate;
      room.imm -= sizeof(xdpcap_fate);
      const bool same = same_but_for_jumps(insn, candidate);
      if (!same && same_but_for_jumps(insn, room)) ++other_numbers;
      return same || same_but_for_jumps(insn, room);
    });
    ASSERT_NE(next, with.code.end());
    ++next;
  }
  EXPECT_EQ(other_numbers, 1);
}

// One that does not follow passed packets is one that does without the four instructions for it: a
// load and a store of the packet's address, a move and a store of its position.
TEST(Recorder, OnlyThoseWhoAskFollowPassedPackets) {
  RecorderSpec noting = spec();
  noting.last_fd = 77;
  const ebpf::Program without = make(noting, "tcp port 80");
  noting.follow_passed = true;
  const ebpf::Program with = make(noting, "tcp port 80");
  EXPECT_EQ(with.code.size(), without.code.size() + 4);
  std::size_t other_numbers = 0;
  auto next = with.code.begin();
  for (const bpf_insn& insn : without.code) {
    next = std::find_if(next, with.code.end(), [&](const bpf_insn& candidate) {
      bpf_insn state = candidate;
      if (state.imm == XDPCAP_FATE_PASSED) state.imm = XDPCAP_FATE_NONE;
      const bool same = same_but_for_jumps(insn, candidate);
      if (!same && same_but_for_jumps(insn, state)) ++other_numbers;
      return same || same_but_for_jumps(insn, state);
    });
    ASSERT_NE(next, with.code.end());
    ++next;
  }
  EXPECT_EQ(other_numbers, spec().action.value() == XDP_PASS ? 1U : 0U);
}

}  // namespace
}  // namespace xdpcap
