// SPDX-License-Identifier: BSD-3-Clause
// Pins a thread to a CPU, on which its packets and its programs in the kernel are then processed.
#pragma once

#include <sched.h>

#include <cerrno>
#include <cstdint>
#include <string>

#include "base/error.hpp"

namespace xdpcap::test {

inline void stay_on_cpu(std::uint32_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (::sched_setaffinity(0, sizeof(set), &set) != 0) {
    throw system_error("moving to CPU " + std::to_string(cpu), errno);
  }
}

// To its current CPU.
inline void stay_on_this_cpu() {
  stay_on_cpu(static_cast<std::uint32_t>(::sched_getcpu()));
}

}  // namespace xdpcap::test
