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

// A slot with recorders, and the captures that they belong to.
struct Victim {
  int lane = -1;
  unsigned action = 0;
  struct Watcher {
    Capture* capture;
    Outages::Id window;
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
    victim.watchers.push_back({capture, capture->outages.open(victim.lane, 1U << victim.action)});
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
           one.capture->reported(News::guardian_killed, victim.since);  // the report may be lost
  });
}

bool all_taken_over(const Victim& victim) {
  return std::all_of(victim.watchers.begin(), victim.watchers.end(), [&](const auto& one) {
    return !one.capture->is_live() ||
           one.capture->reported(News::slot_taken, victim.since, victim.action);
  });
}

// Whether all running captures are in the slot again. A window ends when its capture is seen there
// after the report, which comes when the repair of the slot is complete.
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
    if (one.capture->is_live()) one.capture->outages.close(one.window);
  }
  return all;
}

// Lists the captures that are missing from the slot, and the programs in it.
std::string missing(const World& world, const Victim& victim) {
  std::string text = any_reported(victim) ? "" : "; no capture reported it";
  for (const Victim::Watcher& one : victim.watchers) {
    if (!one.is_settled && one.capture->is_live())
      text += "; " + one.capture->name() + " is missing";
  }
  for (const std::uint32_t program : world.chain(victim.lane, victim.action)) {
    text += "; program " + std::to_string(program) + world.owner(program);
  }
  return text;
}

bool all_ended(const Victim& victim) {
  return std::none_of(victim.watchers.begin(), victim.watchers.end(),
                      [](const auto& one) { return one.capture->is_live(); });
}

void expect_back(World& world, const std::string& what, const std::shared_ptr<Victim>& victim) {
  const Claim claim{.lane = victim->lane, .actions = 1U << victim->action};
  world.add(
      name(*victim) + what, {claim},
      [&world, victim] { return all_ended(*victim) || are_back(world, *victim); },
      [&world, victim] { return missing(world, *victim); });
}

void delete_entry(World& world) {
  auto victim = std::make_shared<Victim>(choose(world));
  world.log.add("empty " + name(*victim));
  empty_slot(world, *victim);
  expect_back(world, " was emptied; its captures report that and reinstall their recorders",
              victim);
}

// Another capture takes over the slots, and ends when all captures have reported that.
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
  const auto all_reported = [&] {
    return std::all_of(victims.begin(), victims.end(),
                       [](const auto& one) { return all_taken_over(*one); });
  };
  world.wait_until(all_reported, "all report that " + capture.name() + " has replaced them");
  for (const auto& victim : victims) victim->since = now();
  world.stop(capture, End::stopped, [&] { capture.signal(SIGINT); });
  for (const auto& victim : victims) {
    expect_back(world, " was replaced; its captures come back after that", victim);
  }
}

// All captures in the slot report the foreign program; then it is removed.
class Takeover {
 public:
  Takeover(World& world, Victim victim)
      : world_(world),
        victim_(std::move(victim)),
        foreign_program_(world.make_foreign_program(victim_.action)) {}

  bool is_over() {
    const bool ended = all_ended(victim_);
    if (!removed_ && !ended && !all_taken_over(victim_)) return false;
    if (!removed_) {
      removed_ = true;
      victim_.since = now();
      empty_slot(world_, victim_);
    }
    return ended || are_back(world_, victim_);
  }

  [[nodiscard]] std::string missing() const {
    return (removed_ ? "; the foreign program was removed" : "; not all captures reported it") +
           xdpcap::chaos::missing(world_, victim_);
  }

  void install_program() const {
    const int program = foreign_program_.fd();
    if (bpf_map_update_elem(world_.lane(victim_.lane).map.get(), &victim_.action, &program,
                            BPF_ANY) != 0) {
      throw system_error("putting a program into " + name(victim_), errno);
    }
  }

 private:
  World& world_;
  Victim victim_;
  test::HookedProgram foreign_program_;  // a new one each time, or it would not be reported
  bool removed_ = false;
};

void overwrite_entry(World& world) {
  Victim victim = choose(world);
  const Claim claim{.lane = victim.lane, .actions = 1U << victim.action};
  const std::string what = name(victim);
  world.log.add("overwrite " + what);
  auto takeover = std::make_shared<Takeover>(world, std::move(victim));
  takeover->install_program();
  world.add(
      what + " was overwritten; its captures report that, and reinstall their recorders later",
      {claim}, [takeover] { return takeover->is_over(); },
      [takeover] { return takeover->missing(); });
}

}  // namespace

std::vector<Fault> slot_faults() {
  return {
      {"empty", "a slot is emptied", 8, some, delete_entry},
      {"overwrite", "a slot is overwritten with a foreign program, which is removed later", 5, some,
       overwrite_entry},
      {"replace", "another capture takes over all slots (--replace), and ends later", 1, has_room,
       replace},
  };
}

}  // namespace xdpcap::chaos
