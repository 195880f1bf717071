// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/count_cost.hpp"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "bench/capture/stop.hpp"
#include "capture_count.skel.h"
#include "capture_count_reasons.skel.h"
#include "support/bpf_object.hpp"
#include "support/temporary_folder.hpp"
#include "support/test_run.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kSize = 64;
constexpr int kRounds = 7;
constexpr int kRuns = 9;

struct Variant {
  std::string tool;
  std::string what;
  std::string command;  // empty: nobody captures
  bool records = false;
};

// ns of this thread, which does not count what a run's set-up waits for.
double cost_of(const bpf_program* program, std::uint32_t repeat) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
  };
  const double begin = now();
  test::test_run(bpf_program__fd(program), make_frame(kSize), {.repeat = repeat});
  return (now() - begin) / repeat;
}

// What the hooked program takes more than the bare one. Recorded packets have to fit into a ring,
// or it would be the cost of losing them.
template <class Programs>
double cost(const Programs& programs, bool records) {
  const std::uint32_t repeat = records ? 10'000 : 1'000'000;
  std::this_thread::sleep_for(std::chrono::milliseconds(8));  // the reader empties the ring
  static_cast<void>(cost_of(programs->progs.bare, repeat));
  const double bare = cost_of(programs->progs.bare, repeat);
  return cost_of(programs->progs.hooked, repeat) - bare;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

// Measures the variants alternately, so that changes of the machine's speed affect all of them.
template <class Skeleton>
void measure(const std::vector<Variant>& variants, const Lab& lab, const WarmFile& warm,
             std::uint32_t not_on, Results& results) {
  const UniqueFd hook(bpf_obj_get(lab.hook().c_str()));
  if (!hook.valid()) throw system_error("opening the hook", errno);
  const test::LoadedSkeleton<Skeleton> programs([&hook](Skeleton& skeleton) {
    if (bpf_map__reuse_fd(skeleton.maps.hook, hook.get()) != 0) {
      throw system_error("using the hook", errno);
    }
  });
  std::vector<std::vector<double>> costs(variants.size());
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < variants.size(); ++i) {
      throw_if_stopped();
      std::optional<RunningTool> running;
      if (!variants[i].command.empty()) {
        running.emplace(Tool{variants[i].tool, variants[i].command}, lab, Sink::null, warm, not_on);
      }
      for (int run = 0; run < kRuns; ++run) {
        costs[i].push_back(cost(programs, variants[i].records));
      }
    }
  }
  for (std::size_t i = 0; i < variants.size(); ++i) {
    results.costs.push_back({variants[i].tool, variants[i].what, median(costs[i])});
  }
}

}  // namespace

void measure_counts(const Tool& tool, const Lab& lab, const WarmFile& warm, std::uint32_t not_on,
                    Results& results) {
  const test::TemporaryFolder folder;
  const std::string counting = tool.command.substr(0, tool.command.find(' ')) + " -q --metrics " +
                               folder.path("bench.prom") + " {hook}";
  measure<capture_count_bpf>({{"(none)", "hook: idle", ""},
                              {"--metrics", "hook: only counted", counting},
                              {tool.name, "hook: recorded", tool.command, true}},
                             lab, warm, not_on, results);
  measure<capture_count_reasons_bpf>({{"(none)", "reason: stored, idle", ""},
                                      {"--metrics", "reason: only counted", counting},
                                      {tool.name, "reason: recorded", tool.command, true}},
                                     lab, warm, not_on, results);
}

}  // namespace xdpcap::bench
