// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/process_cpu.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>

#include "support/process.hpp"

namespace xdpcap::bench {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

rusage own_usage() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage;
}

TEST(ProcessCpuTest, IsWhatGetrusageSays) {
  while (seconds(own_usage().ru_utime) < 0.2) {
    for (volatile int i = 0; i < 1'000'000;) i = i + 1;
  }
  const CpuTime time = cpu_time_of(::getpid());
  const rusage usage = own_usage();
  EXPECT_NEAR(time.total, seconds(usage.ru_utime) + seconds(usage.ru_stime), 0.02);
  // The kernel divides the same sum by its ticks, too, but corrects the parts.
  EXPECT_NEAR(time.user(), seconds(usage.ru_utime), 0.05);
  EXPECT_NEAR(time.system(), seconds(usage.ru_stime), 0.05);
}

// The shell only waits; its grandchild computes.
TEST(ProcessCpuTest, IncludesDescendants) {
  test::Process shell({"sh", "-c", "sh -c 'while :; do :; done & echo $!; wait' & wait"},
                      test::Streams::apart);
  EXPECT_TRUE(test::eventually([&] { return cpu_time_of_tree(shell.pid()).total > 0.3; }));
  EXPECT_LT(cpu_time_of(shell.pid()).total, 0.2);
  EXPECT_GE(cpu_time_of_tree(::getpid()).total, cpu_time_of_tree(shell.pid()).total);
  ::kill(std::stoi(shell.out()), SIGKILL);
}

TEST(ProcessCpuTest, IsZeroAfterTheProcess) {
  test::Process ended({"true"});
  const pid_t process = ended.pid();
  EXPECT_EQ(ended.wait().exit_code, 0);
  EXPECT_EQ(cpu_time_of_tree(process).total, 0);
}

}  // namespace
}  // namespace xdpcap::bench
