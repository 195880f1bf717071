// SPDX-License-Identifier: BSD-3-Clause
#include <csignal>
#include <cstring>
#include <string>

#include "chaos/faults.hpp"

namespace xdpcap::chaos {
namespace {

bool some(const World& world) {
  return !world.live().empty();
}

bool several(const World& world) {
  return world.live().size() >= 2;
}

bool has_room(const World& world) {
  return world.has_room();
}

Capture& claim(World& world, const std::vector<Capture*>& captures) {
  Capture& capture = *world.random.one_of(captures);
  world.wait_for({.capture = &capture});
  capture.look();
  return capture;
}

Capture& any(World& world) {
  return claim(world, world.live());
}

bool keeps_privileges(const Capture& capture) {
  return !capture.plan().drops_privileges;
}

bool drops_privileges(const Capture& capture) {
  return capture.plan().drops_privileges;
}

void log(World& world, const Capture& capture, const std::string& what) {
  world.log.add(capture.name() + ": " + what);
}

template <int kSignal>
void harmless(World& world) {
  const Capture& capture = any(world);
  log(world, capture, std::string("SIG") + ::sigabbrev_np(kSignal));
  capture.signal(kSignal);
}

template <int kSignal>
void stop(World& world) {
  Capture& capture = any(world);
  log(world, capture, std::string("SIG") + ::sigabbrev_np(kSignal));
  world.stop(capture, End::stopped, [&] { capture.signal(kSignal); });
}

void stop_twice(World& world) {
  Capture& capture = any(world);
  log(world, capture, "SIGINT twice");
  const Time pause = world.random.below(30) * kMillisecond;
  world.stop(capture, End::stopped, [&] {
    capture.signal(SIGINT);
    world.wait(pause);
    capture.signal(SIGINT);
  });
}

void kill_tool(World& world) {
  Capture& capture = any(world);
  log(world, capture, "killed");
  world.stop(capture, End::killed, [&] { capture.signal(SIGKILL); });
}

// Captures that are called through its recorders continue, as they keep its nexts open from their
// next look on. Only one that reports a repaired slot was cut off until then.
void expect_outages_of_others(World& world, const Capture& killed) {
  constexpr Time kUntilAllHaveLooked = 8000 * kMillisecond;
  const Time since = now();
  for (Capture* other : world.live()) {
    for (unsigned action = 0; other != &killed && action < kActions; ++action) {
      other->disturbed.insert(action);
      const auto window = other->outages.open(Outages::kAllLanes, 1U << action);
      world.add("others may be cut off from slot " + std::to_string(action), {},
                [other, action, window, since] {
                  if (other->reported(News::slot_repaired, since, action)) {
                    other->outages.close(window);
                    return true;
                  }
                  if (other->is_live() && now() < since + kUntilAllHaveLooked) return false;
                  if (other->is_live()) other->outages.cancel(window);
                  return true;
                });
    }
  }
}

// In an order that leaves the guardian no time to act.
void kill_both(World& world) {
  Capture& capture = any(world);
  log(world, capture, "killed together with its guardian");
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  expect_outages_of_others(world, capture);
  world.stop(capture, End::both_killed, [&] {
    capture.signal(SIGSTOP);  // or it might start another guardian in between
    while (const auto guardian = capture.guardian()) ::kill(guardian->pid, SIGKILL);
    capture.signal(SIGKILL);
  });
}

// Temporarily. It misses no packet: those that do not fit into its rings are counted.
void suspend_tool(World& world) {
  Capture& capture = any(world);
  const Time until = now() + world.random.between(50, 2000) * kMillisecond;
  log(world, capture, "suspended");
  capture.signal(SIGSTOP);
  world.add("suspended " + capture.name(), {{.capture = &capture}}, [&capture, until] {
    if (now() < until) return false;
    capture.signal(SIGCONT);
    return true;
  });
}

void suspend_guardian(World& world) {
  Capture& capture = any(world);
  const Time until = now() + world.random.between(50, 2000) * kMillisecond;
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  const pid_t guardian = capture.guardian()->pid;
  log(world, capture, "guardian suspended");
  ::kill(guardian, SIGSTOP);
  world.add("suspended guardian of " + capture.name(), {{.capture = &capture}}, [guardian, until] {
    if (now() < until) return false;
    ::kill(guardian, SIGCONT);
    return true;
  });
}

// The guardian stays suspended while the tool ends, which must not wait for it.
void stop_with_suspended_guardian(World& world) {
  Capture& capture = any(world);
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  const pid_t guardian = capture.guardian()->pid;
  log(world, capture, "SIGINT while its guardian is suspended");
  world.stop(capture, End::stopped, [&] {
    ::kill(guardian, SIGSTOP);
    capture.signal(SIGINT);
    world.wait_until([&] { return capture.has_exited(); },
                     capture.name() + " ends while its guardian is suspended");
    ::kill(guardian, SIGCONT);
  });
}

Time kill_guardian(World& world, Capture& capture) {
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  log(world, capture, "guardian killed");
  const Time since = now();
  ::kill(capture.guardian()->pid, SIGKILL);
  return since;
}

void kill_guardian(World& world) {
  Capture& capture = claim(world, world.live(keeps_privileges));
  const Time since = kill_guardian(world, capture);
  world.add("the guardian of " + capture.name() + " was killed, and it reports that",
            {{.capture = &capture}},
            [&capture, since] { return capture.reported(News::guardian_killed, since); });
}

// Without privileges no other guardian can be started; the capture can still be stopped.
void kill_only_guardian(World& world) {
  Capture& capture = claim(world, world.live(drops_privileges));
  const Time since = kill_guardian(world, capture);
  world.wait_until([&] { return capture.reported(News::guardian_killed, since); },
                   capture.name() + " reports that its guardian was killed");
  world.stop(capture, End::stopped, [&] { capture.signal(SIGINT); });
}

bool some_keep_privileges(const World& world) {
  return !world.live(keeps_privileges).empty();
}

bool some_drop_privileges(const World& world) {
  return several(world) && !world.live(drops_privileges).empty();
}

void start(World& world) {
  world.start(world.make_plan());
}

}  // namespace

std::vector<Fault> process_faults() {
  return {
      {"start", "another capture is started", 8, has_room, start},
      {"int", "SIGINT", 2, several, stop<SIGINT>},
      {"term", "SIGTERM", 1, several, stop<SIGTERM>},
      {"hup", "SIGHUP", 1, several, stop<SIGHUP>},
      {"int-twice", "SIGINT twice", 1, several, stop_twice},
      {"usr1", "SIGUSR1, which changes nothing", 1, some, harmless<SIGUSR1>},
      {"usr2", "SIGUSR2, which changes nothing", 1, some, harmless<SIGUSR2>},
      {"winch", "SIGWINCH, which changes nothing", 1, some, harmless<SIGWINCH>},
      {"cont", "SIGCONT, which changes nothing", 1, some, harmless<SIGCONT>},
      {"suspend", "the tool is stopped (SIGSTOP) for a while", 3, some, suspend_tool},
      {"guardian-suspend", "the guardian is stopped (SIGSTOP) for a while", 3, some,
       suspend_guardian},
      {"guardian-stuck", "SIGINT while the guardian is stopped (SIGSTOP)", 1, several,
       stop_with_suspended_guardian},
      {"guardian-kill", "the guardian is killed", 4, some_keep_privileges, kill_guardian},
      {"guardian-gone", "the guardian of a capture with -Z is killed, and the capture ends", 1,
       some_drop_privileges, kill_only_guardian},
      {"kill", "the tool is killed, and its guardian is not", 3, several, kill_tool},
      {"kill-both", "the tool is killed with its guardian", 1, several, kill_both},
  };
}

}  // namespace xdpcap::chaos
