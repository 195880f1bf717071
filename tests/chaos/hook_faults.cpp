// SPDX-License-Identifier: BSD-3-Clause
#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "chaos/faults.hpp"

namespace xdpcap::chaos {
namespace {

bool some(const World& world) {
  return !world.live().empty();
}

HookPath& any(World& world) {
  return world.hooks().at(world.random.below(static_cast<std::uint32_t>(world.hooks().size())));
}

void pin(World& world, const HookPath& hook) {
  if (bpf_obj_pin(world.lane(hook.lane).map.get(), hook.path.c_str()) != 0) {
    throw system_error("pinning " + hook.path, errno);
  }
}

// Captures that have to report a change.
class ExpectedReports {
 public:
  explicit ExpectedReports(std::vector<Capture*> captures) : captures_(std::move(captures)) {
    for (Capture* one : captures_) one->look();
    since_ = now();
  }

  [[nodiscard]] bool all_reported(News news) const {
    return std::all_of(captures_.begin(), captures_.end(), [&](const Capture* one) {
      return !one->is_live() || one->end != End::none || one->reported(news, since_);
    });
  }

 private:
  std::vector<Capture*> captures_;
  Time since_ = 0;
};

// Something is removed, which all captures report; then it is restored, which they report, too.
struct TemporaryRemoval {
  ExpectedReports reports;
  News gone;
  News back;
  std::function<void()> restore;
  bool is_restored = false;

  bool is_over() {
    if (!is_restored && reports.all_reported(gone)) {
      is_restored = true;
      restore();
    }
    return is_restored && reports.all_reported(back);
  }
};

void unpin(World& world) {
  HookPath& hook = any(world);
  const Claim claim{.lane = hook.lane, .actions = kPin};
  world.wait_for(claim);
  world.log.add("unpin " + hook.path);
  auto removal = std::make_shared<TemporaryRemoval>(
      TemporaryRemoval{ExpectedReports(world.watchers(hook.lane)), News::pin_gone, News::pin_back,
                       [&world, &hook] { pin(world, hook); }});
  ::unlink(hook.path.c_str());
  world.add("unpinned and pinned again: " + hook.path, {claim},
            [removal] { return removal->is_over(); });
}

void unload(World& world) {
  const HookPath& hook = any(world);
  const int lane = hook.lane;
  const Claim claim{.lane = lane, .actions = kPin};
  world.wait_for(claim);
  world.log.add("unload the program of " + hook.path);
  auto removal = std::make_shared<TemporaryRemoval>(
      TemporaryRemoval{ExpectedReports(world.watchers(lane)), News::no_program, News::program_back,
                       [&world, lane] { world.load_program(lane); }});
  world.unload_program(lane);
  world.add("unloaded and loaded again: the program of " + hook.path, {claim},
            [removal] { return removal->is_over(); });
}

// Followers move to the new lane; all others stay in theirs, whose program stays loaded.
class Reload {
 public:
  Reload(World& world, int from, int to)
      : world_(world), from_(from), to_(to), others_(watchers(false)) {
    for (Capture* one : watchers(true)) {
      one->look();
      one->outages.open(from, kAllActions);
      one->may_follow_to.insert(to);
      followers_.push_back(one);
    }
    since_ = now();
  }

  bool is_over() {
    std::erase_if(followers_, [&](Capture* one) { return has_followed(*one); });
    if (!followers_.empty() || !others_.all_reported(News::pin_replaced)) return false;
    if (world_.watchers(from_).empty()) world_.unload_program(from_);
    return true;
  }

 private:
  [[nodiscard]] std::vector<Capture*> watchers(bool follow) const {
    std::vector<Capture*> captures = world_.watchers(from_);
    std::erase_if(captures, [&](const Capture* one) { return one->plan().follows != follow; });
    return captures;
  }

  bool has_followed(Capture& one) const {
    if (!one.is_live() || one.end != End::none) return true;
    if (!one.reported(News::followed, since_) || !world_.attach(one, to_)) return false;
    for (const auto& [action, program] : one.programs.at(from_)) {
      expect(!world_.is_attached(one, from_, action),
             one.name() + " follows the hook, and is still in the previous one");
    }
    World::detach(one, from_);
    return true;
  }

  World& world_;
  int from_;
  int to_;
  ExpectedReports others_;
  std::vector<Capture*> followers_{};
  Time since_ = 0;
};

void reload(World& world) {
  HookPath& hook = any(world);
  const int from = hook.lane;
  world.wait_for({.lane = from, .actions = kAllActions | kPin});
  const int to = world.add_lane(static_cast<std::size_t>(&hook - world.hooks().data()));
  world.log.add("reload " + hook.path + ": lane " + std::to_string(to));
  auto reload = std::make_shared<Reload>(world, from, to);
  ::unlink(hook.path.c_str());
  hook.lane = to;
  pin(world, hook);
  world.add("reloaded: " + hook.path,
            {{.lane = from, .actions = kAllActions | kPin | kMove},
             {.lane = to, .actions = kAllActions | kPin | kMove}},
            [reload] { return reload->is_over(); });
}

// This process holds the lock.
void lock(World& world, const HookPath& hook, Time length) {
  const Claim claim{.lane = hook.lane, .actions = kLock};
  world.wait_for(claim);
  auto folder =
      std::make_shared<UniqueFd>(::open(hook.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  world.log.add("lock " + hook.folder);
  world.wait_until([&] { return ::flock(folder->get(), LOCK_EX | LOCK_NB) == 0; }, "a lock");
  const Time until = now() + length;
  world.add("locked: " + hook.folder, {claim}, [folder, until] {
    if (now() < until) return false;
    *folder = UniqueFd();
    return true;
  });
}

void lock(World& world) {
  const HookPath& hook = any(world);
  lock(world, hook, world.random.between(50, 4000) * kMillisecond);
}

void start_two(World& world) {
  Capture& first = world.launch(world.make_plan());
  Capture& second = world.launch(world.make_plan());
  world.begin(first);
  world.begin(second);
}

bool is_in_all_slots(const World& world, const Capture& capture, int lane) {
  const auto& programs = capture.programs.at(lane);
  return std::all_of(programs.begin(), programs.end(),
                     [&](const auto& one) { return world.is_attached(capture, lane, one.first); });
}

// The lock is held for longer than captures wait for it. They proceed without it and may overwrite
// each other's recorders, which they notice with their next look.
void start_two_locked(World& world) {
  const Plan one = world.make_plan();
  Plan other = world.make_plan();
  other.hook = one.hook;
  lock(world, world.hooks().at(one.hook), world.random.between(6000, 8000) * kMillisecond);
  const int lane = world.hooks().at(one.hook).lane;
  std::vector<Capture*> both = {&world.launch(one), &world.launch(other)};
  std::vector<Outages::Id> windows;
  for (Capture* capture : both) {
    for (unsigned action = 0; action < kActions; ++action) capture->disturbed.insert(action);
    windows.push_back(capture->outages.open(lane, kAllActions));
  }
  for (Capture* capture : both) world.begin_or_end(*capture);
  world.wait(2 * kSecond);
  for (std::size_t i = 0; i < both.size(); ++i) {
    if (!both[i]->is_live()) continue;
    world.wait_until([&] { return is_in_all_slots(world, *both[i], lane); },
                     both[i]->name() + " is in every slot again");
    both[i]->outages.close(windows[i]);
  }
}

bool has_room_for_two(const World& world) {
  return world.has_room() && world.live().size() <= 2 && world.may_share();
}

}  // namespace

std::vector<Fault> hook_faults() {
  return {
      {"unpin", "the hook is unpinned, and pinned again later", 2, some, unpin},
      {"unload", "the program is unloaded, and loaded again later", 2, some, unload},
      {"reload", "a new hook and program, pinned at the same path", 2, some, reload},
      {"start-two", "two captures are started at the same moment", 2, has_room_for_two, start_two},
      {"start-locked", "the same on one hook whose lock is held for longer than they wait", 1,
       has_room_for_two, start_two_locked},
      {"lock", "the lock of the hook's folder is held for a while", 3, some, lock},
  };
}

}  // namespace xdpcap::chaos
