// SPDX-License-Identifier: BSD-3-Clause
// A test run of a hooked program while packets arrive on the same CPU: before Linux 6.4 they
// interrupt it, so that recorders nest.
#include <bpf/libbpf.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>

#include "base/error.hpp"
#include "recorder/lone_recorder.hpp"
#include "support/cpu.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"

namespace xdpcap {
namespace {

constexpr std::uint32_t kRunsAtOnce = 1000;  // as many as a ring has room for, and more
constexpr std::size_t kRunLength = 100;
constexpr std::size_t kFrameLength = 120;

// Frames that one CPU sends, and that XDP sees on another, by receive packet steering.
class Traffic {
 public:
  Traffic(int program, std::uint32_t from, std::uint32_t to) {
    test::join(sender_, "from", "192.0.2.1/24", receiver_, "into", "192.0.2.2/24");
    const int interface = receiver_.interface_index("into");
    receiver_.call([&] {
      if (bpf_xdp_attach(interface, program, XDP_FLAGS_SKB_MODE, nullptr) != 0) {
        throw system_error("attaching", errno);
      }
      steer_to(to);
    });
    thread_ = std::jthread([this, from](const std::stop_token& stop) {
      test::stay_on_cpu(from);
      const test::PacketSocket socket(sender_, "from");
      while (!stop.stop_requested()) socket.send(test::test_frame(0, 0, kFrameLength));
    });
  }

 private:
  // In a thread of its own, whose /sys becomes that of its network namespace.
  static void steer_to(std::uint32_t cpu) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) {
      throw system_error("mounting /sys", errno);
    }
    std::ofstream file("/sys/class/net/into/queues/rx-0/rps_cpus");
    file << (1U << cpu) << std::flush;
    if (!file) throw Error("steering packets to a CPU");
  }

  test::Namespace sender_;
  test::Namespace receiver_;
  std::jthread thread_;
};

class InterruptedRecording : public ::testing::Test {
 protected:
  // Throws Error where a ring is damaged.
  void read() {
    for (RingCursor& cursor : recorder_.rings.cursors()) {
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

  test::LoneRecorder recorder_{""};
  std::size_t written_ = 0;
  std::size_t frames_ = 0;
};

TEST_F(InterruptedRecording, IsExact) {
  if (recorder_.cpus.online.size() < 2) GTEST_SKIP() << "needs two CPUs";
  const std::uint32_t here = recorder_.cpus.online[0];
  test::stay_on_cpu(here);
  std::uint64_t runs = 0;
  {
    const Traffic traffic(recorder_.hooked.fd(), recorder_.cpus.online[1], here);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    while (std::chrono::steady_clock::now() < end) {
      recorder_.hooked.run(test::numbered_packet(kRunLength), kRunsAtOnce);
      runs += kRunsAtOnce;
      ASSERT_NO_FATAL_FAILURE(read());
    }
  }
  ASSERT_NO_FATAL_FAILURE(read());
  const Counts counts = recorder_.control.read(0);
  EXPECT_EQ(counts.received, counts.matched);
  EXPECT_EQ(counts.matched, written_ + counts.lost);
  EXPECT_GT(frames_, 0U);
  std::cout << runs << " test runs, " << counts.received - runs << " packets, " << counts.lost
            << " lost\n";
}

}  // namespace
}  // namespace xdpcap
