// SPDX-License-Identifier: BSD-3-Clause
// hook_bench measures what leaving through a hook costs while nobody captures: the time a packet
// of a program with the hook, less that of the same program without. Needs root.
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

namespace {

constexpr int kRepeat = 2'000'000;
constexpr int kRuns = 50;

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

// By the clock: the kernel's own figure (bpf_test_run_opts.duration) is in whole nanoseconds.
double nanoseconds_a_packet(int program) {
  std::array<std::uint8_t, 64> packet{};
  bpf_test_run_opts options{};
  options.sz = sizeof options;
  options.data_in = packet.data();
  options.data_size_in = packet.size();
  options.repeat = kRepeat;

  const auto begin = std::chrono::steady_clock::now();
  if (bpf_prog_test_run_opts(program, &options) != 0) die("running a program");
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - begin;
  return took.count() / kRepeat;
}

// The difference of the quickest runs: whatever else the machine does only ever adds time. Taken
// in turns, so that a change of clock speed meets both.
double cost(int bare, int hooked) {
  double quickest_bare = std::numeric_limits<double>::infinity();
  double quickest_hooked = quickest_bare;
  for (int run = 0; run < kRuns; run++) {
    quickest_bare = std::min(quickest_bare, nanoseconds_a_packet(bare));
    quickest_hooked = std::min(quickest_hooked, nanoseconds_a_packet(hooked));
  }
  return quickest_hooked - quickest_bare;
}

}  // namespace

int main(int argc, char** argv) {
  const char* path = argc > 1 ? argv[1] : HOOKED_OBJECT;
  const std::unique_ptr<bpf_object, ObjectClose> object(bpf_object__open_file(path, nullptr));
  if (object == nullptr || bpf_object__load(object.get()) != 0) die(path);

  const int bare = program_fd(object.get(), "bare");
  std::printf("a packet without a hook:  %5.2f ns\n", nanoseconds_a_packet(bare));
  std::printf("hook, constant action:   %+6.2f ns\n",
              cost(bare, program_fd(object.get(), "hooked")));
  std::printf(
      "hook, run-time action:   %+6.2f ns\n",
      cost(program_fd(object.get(), "bare_run_time"), program_fd(object.get(), "hooked_run_time")));
  return 0;
}
