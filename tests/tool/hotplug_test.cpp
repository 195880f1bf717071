// SPDX-License-Identifier: BSD-3-Clause
// CPUs that go offline and online during a capture. Not in ctest, as it affects the whole machine;
// tests/vm/run runs it in an emulated one.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include "process/cpus.hpp"
#include "support/cpu.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kCpu = 1;

void set_online(bool online) {
  std::ofstream file("/sys/devices/system/cpu/cpu" + std::to_string(kCpu) + "/online");
  file << (online ? "1" : "0") << std::flush;
  ASSERT_TRUE(file) << "cannot take CPU 1 " << (online ? "on" : "off") << "line";
}

class HotplugTest : public GuardianTest {
 protected:
  void SetUp() override {
    if (std::getenv("XDPCAP_VM") == nullptr) {
      GTEST_SKIP() << "takes a processor away: for machines of its own (tests/vm/run)";
    }
    ASSERT_EQ(read_cpus().online.size(), 2U);
  }
  void TearDown() override {
    if (std::getenv("XDPCAP_VM") != nullptr) set_online(true);
  }
  void send_on(std::uint32_t cpu, std::uint32_t count) const {
    std::thread([&] {
      stay_on_cpu(cpu);
      program_.run(packet_for(XDP_DROP), count);
    }).join();
  }
  static Summary stop(Process& capture) {
    capture.signal(SIGINT);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return parse_summary(result.err);
  }
};

TEST_F(HotplugTest, ACpuThatGoesAndComesBackLosesNothing) {
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send_on(kCpu, 100);
  set_online(false);
  send_on(0, 200);
  set_online(true);
  send_on(kCpu, 300);
  const Summary summary = stop(capture);
  EXPECT_EQ(summary.received, 600U);
  EXPECT_EQ(summary.captured, 600U);
  EXPECT_EQ(summary.lost, 0U);
  EXPECT_EQ(read_pcapng(file_).packets, 600U);
}

TEST_F(HotplugTest, ACpuThatComesLaterGetsARing) {
  set_online(false);
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send_on(0, 100);
  set_online(true);
  ASSERT_TRUE(
      eventually([&] { return capture.err().find("another CPU is online") != std::string::npos; }));
  send_on(kCpu, 200);
  const Summary summary = stop(capture);
  EXPECT_EQ(summary.captured, 300U);
  EXPECT_EQ(summary.lost, 0U);
}

// The guardian has to know the new ring, too.
TEST_F(HotplugTest, KilledAfterwardsNothingIsLost) {
  set_online(false);
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  set_online(true);
  ASSERT_TRUE(
      eventually([&] { return capture.err().find("another CPU is online") != std::string::npos; }));
  capture.signal(SIGSTOP);
  send_on(kCpu, 200);
  send_on(0, 100);
  capture.signal(SIGKILL);
  expect_clean();
  const PcapngFile file = read_pcapng(file_);
  expect_exact_accounts(file);
  EXPECT_EQ(file.packets, 300U);
}

TEST_F(HotplugTest, UnderLoadTheAccountStaysExact) {
  Process capture(tool({"-s", "64", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  std::uint64_t sent = 0;
  std::atomic<bool> done = false;
  std::thread sender([&] {
    for (; !done; sent += 50) program_.run(packet_for(XDP_PASS), 50);
  });
  constexpr int kTimes = 4;
  for (int i = 0; i < kTimes; ++i) {
    set_online(false);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    set_online(true);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  done = true;
  sender.join();
  const Summary summary = stop(capture);
  EXPECT_EQ(summary.received, sent);
  EXPECT_EQ(summary.matched, summary.captured + summary.lost);
  EXPECT_EQ(read_pcapng(file_).packets, summary.captured);
}

}  // namespace
}  // namespace xdpcap::test
