// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"
#include "process/signals.hpp"
#include "ring/backoff.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "ring/wakeup.hpp"

namespace xdpcap {

// Sleeper is how a reader waits for packets: it pauses or sleeps, as Backoff says. A pause ends
// early when a ring fills, a sleep when a packet comes.
class Sleeper {
 public:
  // `wake_at`: bytes in a ring that end a pause. Signals end any sleep.
  // `control` and `rings` have to outlive it. Throws Error.
  Sleeper(Control& control, const Rings& rings, std::uint64_t wake_at, const Signals& signals);

  // What recorders wake the reader with.
  [[nodiscard]] int wakeup_fd() const { return wakeup_.fd(); }
  // Before each look at the rings.
  void note_waiting() { backoff_.found(rings_.most_waiting()); }
  // Until `end` (CLOCK_MONOTONIC in ns) at the latest.
  void sleep(std::uint64_t end);
  // From now on a sleep also ends when something comes in on `fd`: has_news() says so. Replaces the
  // descriptor before, which may be closed by now.
  void watch(int fd);
  [[nodiscard]] bool has_news() const { return has_news_; }

 private:
  Control& control_;
  const Rings& rings_;
  std::uint64_t wake_at_;
  Wakeup wakeup_;
  UniqueFd epoll_;
  Backoff backoff_;
  int watched_ = -1;
  bool has_news_ = false;
};

}  // namespace xdpcap
