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

// Sleeper waits for packets: it pauses or sleeps, as Backoff decides. A pause ends early when a
// ring fills, a sleep when a packet arrives.
class Sleeper {
 public:
  // `wake_at`: bytes in a ring that end a pause. Signals end any sleep.
  // `control` and `rings` must outlive this. Throws Error.
  Sleeper(Control& control, const Rings& rings, std::uint64_t wake_at, const Signals& signals);

  // The ring buffer with which recorders wake the reader.
  [[nodiscard]] int wakeup_fd() const { return wakeup_.fd(); }
  // To be called before the rings are read.
  void note_waiting() { backoff_.found(rings_.most_waiting()); }
  // Waits until `end` (CLOCK_MONOTONIC in ns) at most.
  void sleep(std::uint64_t end);
  // From now on a sleep also ends when `fd` becomes readable, which has_news() then reports.
  // Replaces the previous descriptor, which may already be closed.
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
