// SPDX-License-Identifier: BSD-3-Clause
// Packets that arrive while a tracing recorder runs on their CPU. Since Linux 5.12 the kernel skips
// the recorder for them, and counts that; nobody else can.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <sys/sysinfo.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

#include "base/error.hpp"
#include "bpf/program_info.hpp"
#include "support/cpu.hpp"
#include "support/kernel_knowledge.hpp"
#include "support/test_run.hpp"
#include "tool/lab_fixture.hpp"
#include "tool/tracing_fixture.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kCpu = 0;
constexpr std::uint32_t kSendersCpu = 1;

// Packets are received in softirqs, which do not interrupt each other. But they interrupt test
// runs, until the kernel disables them there, which Linux 6.12 does.
bool interrupts_test_runs() {
  return kernel_version() < std::pair(6, 12);
}
// Linux 5.10 runs the recorder again then.
bool skips_recorders() {
  return kernel_version() >= std::pair(5, 12);
}

bpf_prog_info info_of(int program_fd) {
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(program_fd, &info, &length) != 0) throw system_error("info", errno);
  return info;
}

// Of the recorder, by the kernel.
std::uint64_t skipped() {
  std::uint64_t sum = 0;
  for (const ProgramInfo& one : loaded_programs()) {
    if (one.name != "xdpcap_exit") continue;
    const UniqueFd fd(bpf_prog_get_fd_by_id(one.id));
    sum += info_of(fd.get()).recursion_misses;
  }
  return sum;
}

// In what the tool says at the end.
std::uint64_t reported(const std::string& err) {
  const std::size_t end = err.find(" interrupted a recorder on the same CPU");
  if (end == std::string::npos) return 0;
  const std::size_t begin = err.rfind(": ", end) + 2;
  return std::stoull(err.substr(begin));
}

class InterruptedTracing : public LabTest {
 protected:
  InterruptedTracing() { LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o"); }

  void SetUp() override {
    if (::get_nprocs() < 2) GTEST_SKIP() << "it takes two CPUs";
    skip_without_tracing(program("hookless"));
    if (IsSkipped()) return;
    for (const Namespace* one : {&left_, &middle_}) {  // no packets but the test's
      one->run({"sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"});
    }
    attach(middle_, "m0", program("hookless"), "xdpgeneric");
    // Packets for m0 go to the CPU by an interrupt (receive packet steering).
    middle_.run({"unshare", "--mount", "sh", "-c",
                 "mount -t sysfs none /sys && echo 1 > /sys/class/net/m0/queues/rx-0/rps_cpus"});
  }

  // Runs the program on the CPU again and again, while packets arrive there.
  void run_while_packets_arrive(const Packet& packet) {
    std::atomic<bool> stop = false;
    std::thread sender([&] {
      stay_on_cpu(kSendersCpu);
      while (!stop) {
        from_left_->send(packet);
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    });
    std::thread runner([&] {
      stay_on_cpu(kCpu);
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(kSeconds);
      while (skipped() < kEnough && std::chrono::steady_clock::now() < end) {
        test_run(program("hookless"), packet, {.repeat = 10'000});
      }
      stop = true;
    });
    runner.join();
    sender.join();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));  // the last packets
  }

  static constexpr std::uint64_t kEnough = 20;
  static constexpr int kSeconds = 5;
};

TEST_F(InterruptedTracing, CountsWhatTheKernelDidNotShow) {
  const UniqueFd statistics(bpf_enable_stats(BPF_STATS_RUN_TIME));
  ASSERT_TRUE(statistics.valid()) << errno;
  // None match: no packet is lost for another reason.
  start_command(tool({"-i", "m0@" + middle_.name(), "-w", file_, "ether proto 0x88b6"}));
  const std::uint64_t before = info_of(program("hookless")).run_cnt;
  run_while_packets_arrive(test_frame(XDP_DROP, 0));
  const std::uint64_t runs = info_of(program("hookless")).run_cnt - before;
  const std::uint64_t not_shown = skipped();
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  std::cout << runs << " packets, " << not_shown << " of them skipped\n";
  EXPECT_EQ(parse_summary(result.err).received + not_shown, runs) << result.err;
  EXPECT_EQ(reported(result.err), not_shown) << result.err;
  EXPECT_EQ(not_shown > 0, interrupts_test_runs() && skips_recorders());
}

}  // namespace
}  // namespace xdpcap::test
