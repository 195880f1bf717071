// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/round.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <iostream>
#include <iterator>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "chaos/verify.hpp"
#include "chaos/world.hpp"

namespace xdpcap::chaos {
namespace {

class Round {
 public:
  explicit Round(const RoundPlan& plan)
      : plan_(plan), world_(plan.seed, plan.round, plan.without) {}

  RoundResult run() {
    try {
      play();
    } catch (const std::exception& error) {
      result_.failed = true;
      report_failure(error.what());
    }
    return result_;
  }

 private:
  void play() {
    for (std::uint32_t left = world_.random.between(1, 3); left > 0 && world_.has_room(); --left) {
      world_.start(world_.make_plan());
    }
    for (unsigned i = 0; i < plan_.faults; ++i) {
      world_.wait(world_.random.between(0, 150) * kMillisecond);
      apply_one();
    }
    world_.wait_for_all();
    world_.wait(50 * kMillisecond);
    stop_all();
    world_.check_clean();
    world_.traffic.stop();
    result_.packets = world_.traffic.count();
    verify_all();
  }

  const Fault* choose() {
    std::vector<const Fault*> choice;
    for (const Fault* fault : plan_.kinds) {
      if (fault->is_possible(world_)) choice.insert(choice.end(), fault->weight, fault);
    }
    return choice.empty() ? nullptr : world_.random.one_of(choice);
  }

  void apply_one() {
    const Fault* fault = choose();
    if (fault == nullptr) return;
    if (plan_.verbose) std::cerr << fault->name << '\n';
    const std::uint64_t before = world_.traffic.count();
    if (last_ != nullptr) last_->packets += before - counted_;
    counted_ = before;
    last_ = &result_.kinds.at(static_cast<std::size_t>(fault - all_faults().data()));
    ++last_->faults;
    fault->apply(world_);
    if (plan_.verbose) std::cerr << "  " << world_.log.last() << '\n';
  }

  void stop_all() {
    for (auto left = world_.live(); !left.empty(); left = world_.live()) {
      Capture& capture = *world_.random.one_of(left);
      world_.log.add("stop " + capture.name());
      check_descriptors(capture);
      world_.stop(capture, End::stopped, [&] { capture.signal(SIGINT); });
    }
    if (last_ != nullptr) last_->packets += world_.traffic.count() - counted_;
  }

  // A capture may have up to two descriptors for each capture that it shares a slot with.
  void check_descriptors(const Capture& capture) {
    const std::size_t allowed = capture.descriptors + 2 * std::size_t{kActions};
    world_.wait_until([&] { return descriptors_of(capture.pid()) <= allowed; },
                      capture.name() + " has " + std::to_string(allowed) + " descriptors or less");
  }

  void verify_all() {
    std::exception_ptr first;
    for (const auto& capture : world_.captures()) {
      try {
        ++result_.captures;
        verify(*capture, world_.traffic.sent(), result_.verdict, world_.log);
      } catch (const Failure& failure) {
        if (!first) first = std::current_exception();
        world_.log.add(failure.what());
      }
    }
    if (first) std::rethrow_exception(first);
  }

  void report_failure(const char* what) {
    std::cerr << "chaos: " << what << "\n  --seed " << plan_.seed << " --round " << plan_.round
              << " --faults " << plan_.faults << "\n";
    for (const auto& capture : world_.captures()) {
      capture->look();
      for (const auto& [time, line] : capture->messages()) {
        world_.log.add("  " + capture->name() + " reported: " + line, time);
      }
    }
    for (const std::string& line : world_.log.lines()) std::cerr << "  " << line << '\n';
    std::cerr << "  its files are in " << world_.keep_files() << '\n';
  }

  const RoundPlan& plan_;
  World world_;
  RoundResult result_;
  Tally* last_ = nullptr;
  std::uint64_t counted_ = 0;
};

}  // namespace

RoundResult play(const RoundPlan& plan) {
  return Round(plan).run();
}

}  // namespace xdpcap::chaos
