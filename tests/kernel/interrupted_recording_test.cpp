// SPDX-License-Identifier: BSD-3-Clause
// A test run of a hooked program while packets come in on the same CPU: before Linux 6.4 they
// interrupt it, and the recorder runs inside of itself.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "filter/expression.hpp"
#include "kernel/bell.hpp"
#include "kernel/control.hpp"
#include "kernel/cpus.hpp"
#include "kernel/features.hpp"
#include "kernel/rings.hpp"
#include "recorder/recorder.hpp"
#include "support/cpu.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"

namespace xdpcap {
namespace {

constexpr Flavour kXdp = {BPF_XDP, false};
constexpr std::uint32_t kRunsAtOnce = 1000;  // as many as a ring has room for, and more
constexpr std::size_t kRunLength = 100;
constexpr std::size_t kFrameLength = 120;

// Frames that one CPU sends, and that XDP sees on another, by receive packet steering.
class Traffic {
 public:
  Traffic(int program, std::uint32_t from, std::uint32_t to) {
    test::join(sender_, "from", "192.0.2.1/24", receiver_, "into", "192.0.2.2/24");
    const std::string steer =
        "echo " + std::to_string(1U << to) + " > /sys/class/net/into/queues/rx-0/rps_cpus";
    receiver_.run({"ip", "netns", "exec", receiver_.name(), "sh", "-c", steer});
    const int interface = receiver_.interface_index("into");
    receiver_.call([&] {
      if (bpf_xdp_attach(interface, program, XDP_FLAGS_SKB_MODE, nullptr) != 0) {
        throw system_error("attaching", errno);
      }
    });
    thread_ = std::jthread([this, from](const std::stop_token& stop) {
      test::stay_on_cpu(from);
      const test::PacketSocket socket(sender_, "from");
      while (!stop.stop_requested()) socket.send(test::test_frame(0, 0, kFrameLength));
    });
  }

 private:
  test::Namespace sender_;
  test::Namespace receiver_;
  std::jthread thread_;
};

class InterruptedRecording : public ::testing::Test {
 protected:
  InterruptedRecording()
      : hook_(test::create_hook()),
        program_(hook_.get(), kXdp, XdpAction(XDP_DROP)),
        cpus_(read_cpus()),
        control_(1, cpus_.possible),
        rings_(cpus_.online, cpus_.possible, std::uint64_t{1} << 20U) {
    const ebpf::Program recorder =
        make_recorder({.action = XdpAction(XDP_DROP),
                       .interface_id = 0,
                       .snaplen = kMaxSnaplen,
                       .cpus = cpus_.possible,
                       .counters_row = 0,
                       .control_fd = control_.fd(),
                       .rings_fd = rings_.array_fd(),
                       .ring_bytes = static_cast<std::uint32_t>(rings_.bytes_per_cpu()),
                       .bell_fd = bell_.fd(),
                       .frags = false,
                       .has_xdp_load_bytes = has_xdp_load_bytes()},
                      compile_filter("", LinkType{}));
    recorder_ = load_xdp_program("recorder", recorder, kXdp);
    const std::uint32_t slot = XDP_DROP;
    const int fd = recorder_.get();
    EXPECT_EQ(bpf_map_update_elem(hook_.get(), &slot, &fd, BPF_ANY), 0);
  }

  // Throws Error where a ring is damaged.
  void read() {
    for (RingCursor& cursor : rings_.cursors()) {
      std::uint64_t time = 0;
      for (cursor.refresh(); cursor.ready(); cursor.next(), ++written_) {
        const xdpcap_block& block = cursor.block();
        ASSERT_EQ(block.block_type, 6U);
        ASSERT_EQ(block.captured_length, block.original_length);
        ASSERT_GE(cursor.time(), time);
        time = cursor.time();
        frames_ += block.captured_length == kFrameLength ? 1 : 0;
      }
      cursor.release();
    }
  }

  UniqueFd hook_;
  test::HookedProgram program_;
  Cpus cpus_;
  Control control_;
  Bell bell_;
  Rings rings_;
  UniqueFd recorder_;
  std::size_t written_ = 0;
  std::size_t frames_ = 0;
};

TEST_F(InterruptedRecording, IsExact) {
  if (cpus_.online.size() < 2) GTEST_SKIP() << "needs two CPUs";
  const std::uint32_t here = cpus_.online[0];
  test::stay_on_cpu(here);
  std::uint64_t runs = 0;
  {
    const Traffic traffic(program_.fd(), cpus_.online[1], here);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < end) {
      program_.run(test::numbered_packet(kRunLength), kRunsAtOnce);
      runs += kRunsAtOnce;
      ASSERT_NO_FATAL_FAILURE(read());
    }
  }
  ASSERT_NO_FATAL_FAILURE(read());
  const Counts counts = control_.read(0);
  EXPECT_EQ(counts.received, counts.matched);
  EXPECT_EQ(counts.matched, written_ + counts.lost);
  EXPECT_GT(frames_, 0U);
  std::cout << runs << " test runs, " << counts.received - runs << " packets, " << counts.lost
            << " lost\n";
}

}  // namespace
}  // namespace xdpcap
