// SPDX-License-Identifier: BSD-3-Clause
// What can be said of a recorder without running it. That it works is for tests/kernel.
#include "recorder/recorder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "filter/expression.hpp"

namespace xdpcap {
namespace {

RecorderSpec spec() {
  return {.action = XdpAction(XDP_DROP),
          .interface_id = 1,
          .snaplen = kMaxSnaplen,
          .cpus = 4,
          .counters_row = 1,
          .control_fd = 3,
          .rings_fd = 4,
          .frags = false,
          .has_xdp_load_bytes = true};
}

ebpf::Program make(const RecorderSpec& spec, const char* filter) {
  return make_recorder(spec, compile_filter(filter, LinkType{}));
}

std::ptrdiff_t calls(const ebpf::Program& program, bpf_func_id helper) {
  return std::count_if(program.code.begin(), program.code.end(), [helper](const bpf_insn& insn) {
    return insn.code == (BPF_JMP | BPF_CALL) && insn.imm == static_cast<std::int32_t>(helper);
  });
}

TEST(Recorder, ReservesAndCopiesInOnePlace) {
  const ebpf::Program program = make(spec(), "tcp port 80");
  EXPECT_EQ(calls(program, BPF_FUNC_ringbuf_reserve), 1);
  EXPECT_EQ(calls(program, BPF_FUNC_xdp_load_bytes), 1);
  EXPECT_EQ(calls(program, BPF_FUNC_ringbuf_submit), 1);
}

TEST(Recorder, ReadsTheClockAfterTheReservation) {
  const ebpf::Program program = make(spec(), "");
  const auto at = [&](bpf_func_id helper) {
    return std::find_if(program.code.begin(), program.code.end(), [helper](const bpf_insn& insn) {
      return insn.code == (BPF_JMP | BPF_CALL) && insn.imm == static_cast<std::int32_t>(helper);
    });
  };
  ASSERT_NE(at(BPF_FUNC_ktime_get_ns), program.code.end());
  EXPECT_LT(at(BPF_FUNC_ringbuf_reserve), at(BPF_FUNC_ktime_get_ns));
}

TEST(Recorder, OlderKernelsCopyWithoutXdpLoadBytes) {
  RecorderSpec old = spec();
  old.has_xdp_load_bytes = false;
  const ebpf::Program program = make(old, "tcp port 80");
  EXPECT_EQ(calls(program, BPF_FUNC_xdp_load_bytes), 0);
  EXPECT_EQ(calls(program, BPF_FUNC_probe_read_kernel), 1);
}

TEST(Recorder, OnlyFragmentsPayForFragments) {
  RecorderSpec frags = spec();
  frags.frags = true;
  EXPECT_EQ(calls(make(spec(), ""), BPF_FUNC_xdp_get_buff_len), 0);
  EXPECT_EQ(calls(make(frags, ""), BPF_FUNC_xdp_get_buff_len), 1);
}

TEST(Recorder, AShortSnaplenNeedsFewerClasses) {
  RecorderSpec brief = spec();
  brief.snaplen = 96;
  EXPECT_LT(make(brief, "").code.size(), make(spec(), "").code.size());
}

}  // namespace
}  // namespace xdpcap
