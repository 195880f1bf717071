// SPDX-License-Identifier: BSD-3-Clause
// hook_bench measures the cost of exiting through a hook without a capture: the time for a packet
// in a program that exits many times, less that in one that never does, divided by the number of
// exits. Many times, because a single one is below the resolution of a test run's time (8 ns on an
// EPYC virtual machine). Needs root.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <memory>
#include <vector>

#include "hook_bench.h"

namespace {

constexpr int kRepeat = 300'000;
constexpr int kRuns = 7;
constexpr int kLoads = 15;

struct ObjectClose {
  void operator()(bpf_object* object) const { bpf_object__close(object); }
};

[[noreturn]] void die(const char* doing) {
  std::perror(doing);
  std::exit(2);
}

int program_fd(const bpf_object* object, const char* name) {
  const bpf_program* program = bpf_object__find_program_by_name(object, name);
  if (program == nullptr) die(name);
  return bpf_program__fd(program);
}

// By the clock: the kernel's own figure (bpf_test_run_opts.duration) is in whole nanoseconds. The
// quickest run: whatever else the machine does only ever adds time.
double nanoseconds_a_packet(int program) {
  std::array<std::uint8_t, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = kRepeat;
  double quickest = std::numeric_limits<double>::infinity();
  for (int run = 0; run < kRuns; run++) {
    const auto begin = std::chrono::steady_clock::now();
    if (bpf_prog_test_run_opts(program, &options) != 0) die("running a program");
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

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : HOOK_BENCH_OBJECT;
  std::vector<double> constant;
  std::vector<double> run_time;
  // Where the kernel happens to put the code makes a difference: load it more than once.
  for (int load = 0; load < kLoads; load++) {
    const std::unique_ptr<bpf_object, ObjectClose> object(bpf_object__open_file(path, nullptr));
    if (object == nullptr || bpf_object__load(object.get()) != 0) die(path);
    const auto cost =
        [&, bare = nanoseconds_a_packet(program_fd(object.get(), "bare"))](const char* name) {
          return (nanoseconds_a_packet(program_fd(object.get(), name)) - bare) / EXITS;
        };
    constant.push_back(cost("constant"));
    run_time.push_back(cost("run_time"));
  }
  std::printf("hook, constant action:  %.2f ns a packet\n", median(constant));
  std::printf("hook, run-time action:  %.2f ns a packet\n", median(run_time));
  return 0;
}
