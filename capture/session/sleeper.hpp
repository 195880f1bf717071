// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"
#include "process/signals.hpp"
#include "ring/bell.hpp"
#include "ring/control.hpp"
#include "ring/naps.hpp"
#include "ring/rings.hpp"

namespace xdpcap {

// Sleeper is how a reader waits for packets: it naps and sleeps as Naps says. A nap ends early when
// a ring fills, a sleep when a packet comes.
class Sleeper {
 public:
  // `wake_at`: bytes in a ring that end a nap. Signals end any sleep.
  // `control` and `rings` have to outlive it. Throws Error.
  Sleeper(Control& control, const Rings& rings, std::uint64_t wake_at, const Signals& signals);

  // What recorders ring.
  [[nodiscard]] int bell_fd() const { return bell_.fd(); }
  // Before each look at the rings.
  void note_waiting() { naps_.found(rings_.most_waiting()); }
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
  Bell bell_;
  UniqueFd epoll_;
  Naps naps_;
  int watched_ = -1;
  bool has_news_ = false;
};

}  // namespace xdpcap
