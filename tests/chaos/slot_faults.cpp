// SPDX-License-Identifier: BSD-3-Clause
#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "chaos/faults.hpp"

namespace xdpcap::chaos {
namespace {

constexpr std::array<const char*, kActions> kNames = {"aborted", "drop", "pass", "tx", "redirect"};

// A slot that some capture is in, and those captures.
struct Victim {
  int lane = -1;
  unsigned action = 0;
  struct Watcher {
    Capture* capture;
    Blindness::Id window;
    bool is_settled = false;
  };
  std::vector<Watcher> watchers{};
  Time since = 0;
};

bool some(const World& world) {
  return !world.live().empty();
}

bool has_room(const World& world) {
  return world.has_room() && world.may_share();
}

std::string name(const Victim& victim) {
  return std::string("slot ") + kNames.at(victim.action) + " of lane " +
         std::to_string(victim.lane);
}

bool wants(const Capture& capture, unsigned action) {
  return (capture.plan().actions >> action & 1U) != 0;
}

// From now on the captures in the slot may miss packets.
Victim disturb(World& world, int lane, unsigned action) {
  Victim victim{.lane = lane, .action = action};
  world.wait_for({.lane = victim.lane, .actions = 1U << victim.action});
  for (Capture* capture : world.watchers(victim.lane)) {
    if (!wants(*capture, victim.action)) continue;
    capture->look();
    capture->disturbed.insert(victim.action);
    victim.watchers.push_back({capture, capture->blindness.open(victim.lane, 1U << victim.action)});
  }
  victim.since = now();
  return victim;
}

Victim choose(World& world) {
  const Capture& one = *world.random.one_of(world.live());
  world.wait_for({.lane = world.hooks().at(one.plan().hook).lane, .actions = kMove});
  unsigned action = world.random.below(kActions);
  while (!wants(one, action)) action = world.random.below(kActions);
  return disturb(world, *one.attached.rbegin(), action);
}

void empty_slot(World& world, const Victim& victim) {
  bpf_map_delete_elem(world.lane(victim.lane).map.get(), &victim.action);
}

bool any_reported(const Victim& victim) {
  return std::any_of(victim.watchers.begin(), victim.watchers.end(), [&](const auto& one) {
    return one.capture->reported(News::slot_repaired, victim.since, victim.action) ||
           one.capture->reported(News::slot_taken, victim.since, victim.action) ||
           one.capture->reported(News::guardian_killed, victim.since);  // it may have done it
  });
}

bool all_lost(const Victim& victim) {
  return std::all_of(victim.watchers.begin(), victim.watchers.end(), [&](const auto& one) {
    return !one.capture->is_live() ||
           one.capture->reported(News::slot_taken, victim.since, victim.action);
  });
}

// Whether all that live are in the slot again. A window ends when its capture is seen there: after
// the report, so that the one who repaired the slot is done with it.
bool are_back(const World& world, Victim& victim) {
  if (!any_reported(victim)) return false;
  bool all = true;
  for (Victim::Watcher& one : victim.watchers) {
    if (one.is_settled) continue;
    if (one.capture->is_live() && one.capture->end == End::none &&
        !world.is_attached(*one.capture, victim.lane, victim.action)) {
      all = false;
      continue;
    }
    one.is_settled = true;
    if (one.capture->is_live()) one.capture->blindness.close(one.window);
  }
  return all;
}

// Who is not in the slot, and who is.
std::string missing(const World& world, const Victim& victim) {
  std::string text = any_reported(victim) ? "" : "; nobody reported it";
  for (const Victim::Watcher& one : victim.watchers) {
    if (!one.is_settled && one.capture->is_live())
      text += "; " + one.capture->name() + " is not there";
  }
  for (const std::uint32_t program : world.chain(victim.lane, victim.action)) {
    text += "; program " + std::to_string(program) + world.owner(program);
  }
  return text;
}

bool nobody_lives(const Victim& victim) {
  return std::none_of(victim.watchers.begin(), victim.watchers.end(),
                      [](const auto& one) { return one.capture->is_live(); });
}

void expect_back(World& world, const std::string& what, const std::shared_ptr<Victim>& victim) {
  const Claim claim{.lane = victim->lane, .actions = 1U << victim->action};
  world.add(
      name(*victim) + what, {claim},
      [&world, victim] { return nobody_lives(*victim) || are_back(world, *victim); },
      [&world, victim] { return missing(world, *victim); });
}

void delete_entry(World& world) {
  auto victim = std::make_shared<Victim>(choose(world));
  world.log.add("empty " + name(*victim));
  empty_slot(world, *victim);
  expect_back(world, " was emptied; its captures report that and put their recorders back", victim);
}

// Another capture takes the slots over, and ends when all have reported it.
void replace(World& world) {
  Plan plan = world.make_plan();
  plan.options.emplace_back("--replace");
  const int lane = world.hooks().at(plan.hook).lane;
  world.wait_for({.lane = lane, .actions = kAllActions | kPin | kMove});
  std::vector<std::shared_ptr<Victim>> victims;
  for (unsigned action = 0; action < kActions; ++action) {
    if ((plan.actions >> action & 1U) == 0) continue;
    victims.push_back(std::make_shared<Victim>(disturb(world, lane, action)));
  }
  Capture& capture = world.start(std::move(plan));
  const auto all_know = [&] {
    return std::all_of(victims.begin(), victims.end(),
                       [](const auto& one) { return all_lost(*one); });
  };
  world.wait_until(all_know, "all report that " + capture.name() + " has replaced them");
  for (const auto& victim : victims) victim->since = now();
  world.stop(capture, End::stopped, [&] { capture.signal(SIGINT); });
  for (const auto& victim : victims) {
    expect_back(world, " was replaced; its captures come back after that", victim);
  }
}

// Every capture that is in the slot says so; then the stranger goes.
class Takeover {
 public:
  Takeover(World& world, Victim victim)
      : world_(world), victim_(std::move(victim)), stranger_(world.make_stranger(victim_.action)) {}

  bool is_over() {
    const bool nobody = nobody_lives(victim_);
    if (!gone_ && !nobody && !all_lost(victim_)) return false;
    if (!gone_) {
      gone_ = true;
      victim_.since = now();
      empty_slot(world_, victim_);
    }
    return nobody || are_back(world_, victim_);
  }

  [[nodiscard]] std::string missing() const {
    return (gone_ ? "; the stranger has gone" : "; not all reported it") +
           xdpcap::chaos::missing(world_, victim_);
  }

  void put_stranger() const {
    const int program = stranger_.fd();
    if (bpf_map_update_elem(world_.lane(victim_.lane).map.get(), &victim_.action, &program,
                            BPF_ANY) != 0) {
      throw system_error("putting a program into " + name(victim_), errno);
    }
  }

 private:
  World& world_;
  Victim victim_;
  test::HookedProgram stranger_;  // another one each time, or it would be no news
  bool gone_ = false;
};

void overwrite_entry(World& world) {
  Victim victim = choose(world);
  const Claim claim{.lane = victim.lane, .actions = 1U << victim.action};
  const std::string what = name(victim);
  world.log.add("overwrite " + what);
  auto takeover = std::make_shared<Takeover>(world, std::move(victim));
  takeover->put_stranger();
  world.add(
      what + " was overwritten; its captures report that, and put their recorders back later",
      {claim}, [takeover] { return takeover->is_over(); },
      [takeover] { return takeover->missing(); });
}

}  // namespace

std::vector<Fault> slot_faults() {
  return {
      {"empty", "a slot is emptied", 8, some, delete_entry},
      {"overwrite", "a slot is overwritten with a program of somebody else, who goes later", 5,
       some, overwrite_entry},
      {"replace", "another capture takes all slots over (--replace), and ends later", 1, has_room,
       replace},
  };
}

}  // namespace xdpcap::chaos
