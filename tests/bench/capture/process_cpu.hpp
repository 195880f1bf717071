// SPDX-License-Identifier: BSD-3-Clause
// CPU time of processes.
#pragma once

#include <sys/types.h>

namespace xdpcap::bench {

// The sum is exact, as it is the scheduler's; the division is only as exact as clock ticks.
struct CpuTime {
  double total = 0;  // seconds
  double user_ticks = 0, system_ticks = 0;

  [[nodiscard]] double user() const {
    const double ticks = user_ticks + system_ticks;
    return ticks > 0 ? total * user_ticks / ticks : 0;
  }
  [[nodiscard]] double system() const { return total - user(); }
  friend CpuTime operator-(const CpuTime& a, const CpuTime& b) {
    return {a.total - b.total, a.user_ticks - b.user_ticks, a.system_ticks - b.system_ticks};
  }
  friend CpuTime operator+(const CpuTime& a, const CpuTime& b) {
    return {a.total + b.total, a.user_ticks + b.user_ticks, a.system_ticks + b.system_ticks};
  }
};

// Of all its threads, also those that have ended.
CpuTime cpu_time_of(pid_t process);
// Of it and of all its running descendants.
CpuTime cpu_time_of_tree(pid_t process);

}  // namespace xdpcap::bench
