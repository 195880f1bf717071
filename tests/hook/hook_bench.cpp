// SPDX-License-Identifier: BSD-3-Clause
// hook_bench measures the cost of exiting through a hook without a capture: the time for a packet
// in a program that exits many times, less that in one that never does, divided by the number of
// exits. Many times, because a single one is below the resolution of a test run's time (8 ns on an
// EPYC virtual machine). Needs root.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "hook/hook_bench.h"
#include "support/bpf_object.hpp"
#include "support/test_run.hpp"

namespace {

using namespace xdpcap::test;

constexpr std::uint32_t kRepeat = 300'000;
constexpr int kRuns = 7;
constexpr int kLoads = 15;

// By the clock: the kernel's own figure (TestRun::per_run) is in whole nanoseconds. The
// quickest run: whatever else the machine does only ever adds time.
double nanoseconds_a_packet(int program) {
  const Packet packet(64);
  double quickest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; run++) {
    const auto begin = std::chrono::steady_clock::now();
    test_run(program, packet, {.repeat = kRepeat});
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
    quickest = std::min(quickest, took.count() / kRepeat);
  }
  return quickest;
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main(int argc, char** argv) try {
  const char* path = argc > 1 ? argv[1] : HOOK_BENCH_OBJECT;
  std::vector<double> constant;
  std::vector<double> run_time;
  // Where the kernel happens to put the code makes a difference: load it more than once.
  for (int load = 0; load < kLoads; load++) {
    const BpfObject object = load_bpf_object(path);
    const auto cost = [&, bare = nanoseconds_a_packet(object.program("bare"))](const char* name) {
      return (nanoseconds_a_packet(object.program(name)) - bare) / EXITS;
    };
    constant.push_back(cost("constant"));
    run_time.push_back(cost("run_time"));
  }
  std::printf("hook, constant action:  %.2f ns a packet\n", median(constant));
  std::printf("hook, run-time action:  %.2f ns a packet\n", median(run_time));
  return 0;
} catch (const xdpcap::Error& error) {
  std::fprintf(stderr, "hook_bench: %s\n", error.what());
  return 2;
}
