// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/fate_cost.hpp"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/error.hpp"
#include "bench/capture/stop.hpp"
#include "capture_fate.skel.h"
#include "support/bpf_object.hpp"
#include "support/process.hpp"
#include "support/test_run.hpp"

namespace xdpcap::bench {
namespace {

constexpr std::uint32_t kSize = 64;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

// Redirects packets into a separate veth pair in the caller's namespace, with a program that uses
// the lab's hook.
class Redirector {
 public:
  explicit Redirector(const Lab& lab) : skeleton_(capture_fate_bpf::open()) {
    constexpr const char* kNear = "fate0";
    constexpr const char* kFar = "fate1";
    if (!skeleton_) throw system_error("opening the redirecting program", errno);
    test::must_run({"ip", "link", "add", kNear, "type", "veth", "peer", "name", kFar});
    for (const char* name : {kNear, kFar}) {
      test::must_run({"ip", "link", "set", name, "addrgenmode", "none", "up"});
    }
    ingress_ = ::if_nametoindex(Lab::kSender);
    skeleton_->rodata->target = ::if_nametoindex(kNear);
    const UniqueFd hook(bpf_obj_get(lab.hook().c_str()));
    int error = hook.valid() ? bpf_map__reuse_fd(skeleton_->maps.hook, hook.get()) : -errno;
    if (error == 0) error = capture_fate_bpf::load(skeleton_.get());
    if (error == 0) {
      error =
          bpf_xdp_attach(static_cast<int>(::if_nametoindex(kFar)),
                         bpf_program__fd(skeleton_->progs.swallow), XDP_FLAGS_DRV_MODE, nullptr);
    }
    if (error != 0) throw system_error("setting the redirecting program up", -error);
  }

  // ns a packet over a burst, as measured by the kernel: without the set-up of the run.
  [[nodiscard]] double cost() const {
    // Fits into every ring, or it would be the cost of losing packets.
    constexpr std::uint32_t kBurst = 10'000;
    const int program = bpf_program__fd(skeleton_->progs.redirect_hooked);
    const test::TestRun run =
        test::test_run(program, make_frame(kSize),
                       {.repeat = kBurst, .ingress_ifindex = ingress_, .live_frames = true});
    return static_cast<double>(run.per_run.count());
  }

 private:
  test::SkeletonOwner<capture_fate_bpf> skeleton_;
  std::uint32_t ingress_ = 0;
};

}  // namespace

// Measures the variants alternately, so that changes of the machine's speed affect all of them.
void measure_fates(const Tool& tool, const Lab& lab, const WarmFile& warm, std::uint32_t not_on,
                   Results& results) {
  constexpr int kRounds = 7;
  constexpr int kBursts = 15;
  constexpr std::array<const char*, 3> kVariants = {nullptr, "", "--fate"};
  const Redirector redirector(lab);
  std::array<std::vector<double>, kVariants.size()> costs;
  std::vector<double> startups;
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t variant = 0; variant < kVariants.size(); ++variant) {
      throw_if_stopped();
      std::optional<RunningTool> running;
      if (kVariants.at(variant) != nullptr) {
        const Tool with{tool.name, tool.command.substr(0, tool.command.find(' ')) + " " +
                                       kVariants.at(variant) + " {hook} {output}"};
        running.emplace(with, lab, Sink::null, warm, not_on);
      }
      for (int burst = 0; burst < kBursts; ++burst) costs.at(variant).push_back(redirector.cost());
      if (variant + 1 == kVariants.size()) startups.push_back(running->startup());
    }
  }
  const double alone = median(costs[0]);
  results.costs.push_back({tool.name, "redirect, match: every packet", median(costs[1]) - alone});
  results.costs.push_back(
      {"with --fate", "redirect, match: every packet", median(costs[2]) - alone});
  results.startups.push_back({"with --fate", median(startups)});
}

}  // namespace xdpcap::bench
