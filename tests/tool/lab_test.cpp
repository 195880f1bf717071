// SPDX-License-Identifier: BSD-3-Clause
// Each action in each mode, and for frames with fragments; programs in devmaps and cpumaps.
#include <cerrno>
#include <cstdint>
#include <vector>

#include "bpf/features.hpp"
#include "support/kernel_knowledge.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

constexpr const char* kNoFragments = "this kernel has no fragmented XDP packets (5.18)";

class LabFlavours : public LabTest, public ::testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(Frags, LabFlavours, ::testing::Bool());

TEST_P(LabFlavours, EveryActionIsWhatTheKernelDid) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  let_ends_receive();
  fill_devices(map("devices"));
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
  expect_every_action(100, pins_.path("hook"));
}

TEST_F(LabTest, EveryActionInGenericMode) {
  load(false);
  let_ends_receive();
  fill_devices(map("devices"));
  try {
    attach(middle_, "m0", program("by_first_byte"), "xdpgeneric");
  } catch (const Error&) {
    // Linux commits 2ea5eabaf04a and 11941f8a8536.
    if (has_xdp_load_bytes()) throw;
    GTEST_SKIP() << "this kernel runs no devmap or cpumap programs in generic mode (5.15)";
  }
  pins_.pin(map("hook"), "hook");
  expect_every_action(100, pins_.path("hook"));
}

TEST_F(LabTest, JumboFramesInFragments) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(true);
  let_ends_receive();
  fill_devices(map("devices"));
  for (const char* interface : {"m0", "m1"}) {
    middle_.run({"ip", "link", "set", "dev", interface, "mtu", "9000"});
  }
  left_.run({"ip", "link", "set", "dev", "l0", "xdpdrv", "off"});
  right_.run({"ip", "link", "set", "dev", "r0", "xdpdrv", "off"});
  left_.run({"ip", "link", "set", "dev", "l0", "mtu", "9000"});
  right_.run({"ip", "link", "set", "dev", "r0", "mtu", "9000"});
  let_ends_receive();
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
  expect_every_action(8000, pins_.path("hook"), has_xdp_features());
}

TEST_P(LabFlavours, ProgramsInADevmap) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  let_ends_receive();
  fill_devices(map("devices"), program("on_device"));
  attach(middle_, "m0", program("to_device"));
  pins_.pin(map("device_hook"), "hook");
  start_capture(pins_.path("hook"));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) frames.push_back(test_frame(2, i));
  for (const Packet& frame : frames) from_left_->send(frame);
  EXPECT_EQ(at_right_->receive(frames.size()), frames);
  stop_capture(frames.size());
  EXPECT_EQ(read_bytes(file_), frames);
}

TEST_P(LabFlavours, ProgramsInACpumap) {
  if (GetParam() && !has_xdp_load_bytes()) GTEST_SKIP() << kNoFragments;
  load(GetParam());
  const std::uint32_t key = 0;
  bpf_cpumap_val value{};
  value.qsize = 128;
  value.bpf_prog.fd = program("on_cpu");
  ASSERT_EQ(bpf_map_update_elem(map("cpus"), &key, &value, BPF_ANY), 0) << errno;
  attach(middle_, "m0", program("to_cpu"));
  pins_.pin(map("cpu_hook"), "hook");
  start_capture(pins_.path("hook"));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) frames.push_back(test_frame(2, i));
  for (const Packet& frame : frames) from_left_->send(frame);
  EXPECT_EQ(at_middle_->receive(frames.size()), frames);
  stop_capture(frames.size());
  EXPECT_EQ(read_bytes(file_), frames);
}

}  // namespace
}  // namespace xdpcap::test
