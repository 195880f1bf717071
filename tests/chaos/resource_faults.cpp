// SPDX-License-Identifier: BSD-3-Clause
#include <sys/resource.h>

#include <csignal>
#include <memory>
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

bool has_disk(const Capture& capture) {
  return capture.disk() != nullptr;
}

bool has_reader(const Capture& capture) {
  return capture.sink() != nullptr;
}

// Whether there are several captures, and at least one of this kind.
template <bool (*kThat)(const Capture&)>
bool some_of_several(const World& world) {
  return several(world) && !world.live(kThat).empty();
}

Capture& claim(World& world, const std::vector<Capture*>& captures) {
  Capture& capture = *world.random.one_of(captures);
  world.wait_for({.capture = &capture});
  capture.look();
  return capture;
}

void log(World& world, const Capture& capture, const std::string& what) {
  world.log.add(capture.name() + ": " + what);
}

void fill_disk(World& world) {
  Capture& capture = claim(world, world.live(has_disk));
  log(world, capture, "its disk is full");
  world.stop(capture, End::disk_full, [&] { capture.disk()->fill(); });
}

template <Sink::Pace kPace>
void slow_reader(World& world) {
  Capture& capture = claim(world, world.live(has_reader));
  const Time until = now() + world.random.between(50, 2500) * kMillisecond;
  log(world, capture, kPace == Sink::Pace::slow ? "slow reader" : "reader pauses");
  capture.sink()->set_pace(kPace);
  world.add("the reader of " + capture.name() + " continues", {{.capture = &capture}},
            [&capture, until] {
              if (now() < until) return false;
              capture.sink()->set_pace(Sink::Pace::normal);
              return true;
            });
}

void close_reader(World& world) {
  Capture& capture = claim(world, world.live(has_reader));
  log(world, capture, "reader closed");
  world.stop(capture, End::reader_gone, [&] { capture.sink()->close(); });
}

// It ends although its remaining output is not read; if it is read slowly, at the second SIGINT.
template <Sink::Pace kPace>
void stop_with_reader(World& world) {
  Capture& capture = claim(world, world.live(has_reader));
  log(world, capture,
      kPace == Sink::Pace::slow ? "SIGINT twice, slow reader" : "SIGINT, no reader");
  capture.sink()->set_pace(kPace);
  world.wait(world.random.between(50, 1000) * kMillisecond);
  world.stop(capture, End::stuck, [&] {
    capture.signal(SIGINT);
    if (kPace == Sink::Pace::slow) {
      world.wait(100 * kMillisecond);
      capture.signal(SIGINT);
    }
    world.wait_until([&] { return capture.has_exited(); },
                     capture.name() + " does not wait for its reader");
  });
}

// Limit lowers a resource limit of a running process, and restores it on destruction.
class Limit {
 public:
  Limit(pid_t pid, __rlimit_resource resource, rlim_t value) : pid_(pid), resource_(resource) {
    ::prlimit(pid_, resource_, nullptr, &before_);
    const rlimit low{.rlim_cur = value, .rlim_max = before_.rlim_max};
    ::prlimit(pid_, resource_, &low, nullptr);
  }
  Limit(const Limit&) = delete;
  Limit& operator=(const Limit&) = delete;
  Limit(Limit&&) = delete;
  Limit& operator=(Limit&&) = delete;
  ~Limit() { ::prlimit(pid_, resource_, &before_, nullptr); }

 private:
  pid_t pid_;
  __rlimit_resource resource_;
  rlimit before_{};
};

// A capture that cannot continue for lack of a resource ends, with exit code 2 and exact counts.
// The model cannot know whether and when: so it stops the capture in any case.
void exhaust(World& world, Capture& capture, __rlimit_resource resource, rlim_t value,
             Time length) {
  capture.may_exit = true;
  capture.outages.open(Outages::kAllLanes, kAllActions);
  {
    const Limit limit(capture.pid(), resource, value);
    world.wait(length);
  }
  world.stop(capture, End::exhausted, [&] { capture.signal(SIGINT); });
}

void exhaust_descriptors(World& world) {
  Capture& capture = claim(world, world.live());
  const Time length = world.random.between(100, 2500) * kMillisecond;
  log(world, capture, "no descriptors");
  const bool needs_some = capture.plan().rotates;
  if (needs_some) return exhaust(world, capture, RLIMIT_NOFILE, 3, length);
  auto limit = std::make_shared<std::unique_ptr<Limit>>(
      std::make_unique<Limit>(capture.pid(), RLIMIT_NOFILE, 3));
  world.add("no descriptors for " + capture.name(), {{.capture = &capture}},
            [limit, until = now() + length] {
              if (now() < until) return false;
              *limit = nullptr;
              return true;
            });
}

void exhaust_guardian(World& world) {
  Capture& capture = claim(world, world.live());
  const Time length = world.random.between(100, 2500) * kMillisecond;
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  log(world, capture, "no descriptors for its guardian");
  auto limit = std::make_shared<std::unique_ptr<Limit>>(
      std::make_unique<Limit>(capture.guardian()->pid, RLIMIT_NOFILE, 3));
  world.add("no descriptors for the guardian of " + capture.name(), {{.capture = &capture}},
            [limit, until = now() + length] {
              if (now() < until) return false;
              *limit = nullptr;
              return true;
            });
}

// The tool is killed while its guardian may not open anything: it needs no new descriptors.
void kill_with_limited_guardian(World& world) {
  Capture& capture = claim(world, world.live());
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  log(world, capture, "killed, no descriptors for its guardian");
  const pid_t guardian = capture.guardian()->pid;
  const Limit limit(guardian, RLIMIT_NOFILE, 3);
  world.stop(capture, End::killed, [&] { capture.signal(SIGKILL); });
}

void exhaust_memory(World& world) {
  Capture& capture = claim(world, world.live());
  const Time length = world.random.between(100, 2500) * kMillisecond;
  log(world, capture, "no memory");
  exhaust(world, capture, RLIMIT_DATA, 0, length);
}

// No more memory or descriptors from the moment of the SIGINT.
void stop_without(World& world, __rlimit_resource resource, rlim_t value, const std::string& what) {
  Capture& capture = claim(world, world.live());
  log(world, capture, "SIGINT, " + what);
  const Limit limit(capture.pid(), resource, value);
  // Another file may be due, which it cannot open then.
  const End end = capture.plan().rotates ? End::exhausted : End::stopped;
  world.stop(capture, end, [&] { capture.signal(SIGINT); });
}

void stop_without_memory(World& world) {
  stop_without(world, RLIMIT_DATA, 0, "no memory");
}

void stop_without_descriptors(World& world) {
  stop_without(world, RLIMIT_NOFILE, 3, "no descriptors");
}

bool stays_in_one_file(const Capture& capture) {
  return !capture.plan().rotates;
}

// System calls fail as with the kernel's fault injection, but strace works on every kernel.
void inject(World& world) {
  static const std::vector<std::string> kFailures = {"bpf:error=ENOMEM", "openat:error=EMFILE",
                                                     "bpf:error=EPERM", "fcntl:error=EMFILE",
                                                     "flock:error=ENOLCK"};
  Capture& capture = claim(world, world.live(stays_in_one_file));
  const std::string failure = world.random.one_of(kFailures);
  const bool at_guardian = world.random.one_in(2);
  const Time length = world.random.between(300, 2500) * kMillisecond;
  world.wait_until([&] { return capture.guardian().has_value(); }, "a guardian");
  const pid_t pid = at_guardian ? capture.guardian()->pid : capture.pid();
  log(world, capture, (at_guardian ? "guardian: " : "") + failure);
  auto strace = std::make_shared<test::Process>(std::vector<std::string>{
      "strace", "-f", "-o", "/dev/null", "-p", std::to_string(pid), "-e",
      "inject=" + failure + ":when=" + std::to_string(world.random.between(1, 5)) + "+"});
  world.add("failing calls in " + capture.name(), {{.capture = &capture}},
            [strace, until = now() + length, stopped = false]() mutable {
              if (now() < until) return false;
              if (!stopped) strace->signal(SIGINT);
              stopped = true;
              strace->wait();
              return true;
            });
}

bool some_stay_in_one_file(const World& world) {
  return !world.live(stays_in_one_file).empty();
}

}  // namespace

std::vector<Fault> resource_faults() {
  using Pace = Sink::Pace;
  return {
      {"disk-full", "the disk of an output is full", 2, some_of_several<has_disk>, fill_disk},
      {"reader-pauses", "the reader of a pipe pauses", 3, some_of_several<has_reader>,
       slow_reader<Pace::paused>},
      {"reader-slow", "the reader of a pipe is slow for a while", 3, some_of_several<has_reader>,
       slow_reader<Pace::slow>},
      {"reader-gone", "the reader of a pipe closes it", 1, some_of_several<has_reader>,
       close_reader},
      {"reader-stuck", "SIGINT while the pipe is not read", 1, some_of_several<has_reader>,
       stop_with_reader<Pace::paused>},
      {"reader-slow-int", "SIGINT twice while the reader of the pipe is slow", 1,
       some_of_several<has_reader>, stop_with_reader<Pace::slow>},
      {"descriptors", "no descriptors for the tool for a while", 2, several, exhaust_descriptors},
      {"descriptors-guardian", "no descriptors for the guardian for a while", 2, some,
       exhaust_guardian},
      {"descriptors-kill", "the tool is killed while its guardian has no descriptors", 1, several,
       kill_with_limited_guardian},
      {"descriptors-int", "SIGINT while the tool has no descriptors", 1, several,
       stop_without_descriptors},
      {"memory", "no memory for the tool for a while", 1, several, exhaust_memory},
      {"memory-int", "SIGINT while the tool has no memory", 1, several, stop_without_memory},
      {"inject", "system calls of the tool or its guardian fail for a while", 2,
       some_stay_in_one_file, inject},
  };
}

}  // namespace xdpcap::chaos
