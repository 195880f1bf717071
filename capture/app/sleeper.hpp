// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "base/unique_fd.hpp"
#include "kernel/bell.hpp"
#include "kernel/control.hpp"
#include "kernel/rings.hpp"

namespace xdpcap {

// Sleeper is how a reader waits for packets. After each look at the rings it naps, so that packets
// gather for the next one; a nap ends early when a ring fills. After some naps without a packet it
// sleeps until one comes.
class Sleeper {
 public:
  // `wake_at`: bytes in a ring that end a nap. `stop_fd` ends any sleep when it becomes readable.
  // `control` and `rings` have to outlive it. Throws Error.
  Sleeper(Control& control, const Rings& rings, std::uint64_t wake_at, int stop_fd);

  // What recorders ring.
  [[nodiscard]] int bell_fd() const { return bell_.fd(); }
  // There were packets.
  void has_work() { idle_naps_ = 0; }
  // Until `end` (CLOCK_MONOTONIC in ns) at the latest.
  void sleep(std::uint64_t end);

 private:
  Control& control_;
  const Rings& rings_;
  std::uint64_t wake_at_;
  Bell bell_;
  UniqueFd epoll_;
  unsigned idle_naps_ = 0;
};

}  // namespace xdpcap
