// SPDX-License-Identifier: BSD-3-Clause
// hook_bench measures the cost of exiting through a hook without a capture: the time for a packet
// in a program that exits many times, less that in one that never does, divided by the number of
// exits. Many times, because a single one is below the resolution of a test run's time (8 ns on an
// EPYC virtual machine). Needs root.
#include <algorithm>
#include <chrono>
#include <cstddef>
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

// The cost of an exit of each program of an object.
std::vector<double> costs(const char* path, const std::vector<const char*>& programs) {
  std::vector<std::vector<double>> all(programs.size());
  // Where the kernel happens to put the code makes a difference: load it more than once.
  for (int load = 0; load < kLoads; load++) {
    const BpfObject object = load_bpf_object(path);
    const double bare = nanoseconds_a_packet(object.program("bare"));
    for (std::size_t i = 0; i < programs.size(); ++i) {
      all[i].push_back((nanoseconds_a_packet(object.program(programs[i])) - bare) / EXITS);
    }
  }
  std::vector<double> medians;
  for (const std::vector<double>& values : all) medians.push_back(median(values));
  return medians;
}

}  // namespace

int main(int argc, char** argv) try {
  const char* path = argc > 1 ? argv[1] : HOOK_BENCH_OBJECT;
  const std::vector<double> plain = costs(path, {"constant", "run_time"});
  std::printf("hook, constant action:  %.2f ns a packet\n", plain[0]);
  std::printf("hook, run-time action:  %.2f ns a packet\n", plain[1]);
  if (argc > 1) return 0;
  const std::vector<double> told = costs(HOOK_BENCH_REASONS, {"constant", "reason"});
  std::printf("... that stores that it has no reason:  %.2f ns a packet more\n",
              told[0] - plain[0]);
  std::printf("... that stores a reason:  %.2f ns a packet more\n", told[1] - plain[0]);
  return 0;
} catch (const xdpcap::Error& error) {
  std::fprintf(stderr, "hook_bench: %s\n", error.what());
  return 2;
}
