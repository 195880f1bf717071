// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace xdpcap::soak {

struct Gauge {
  std::uint64_t memory = 0;  // private, in KiB (RssAnon)
  std::uint64_t descriptors = 0;
};

// The resources of a process; zeros if it has ended.
Gauge gauge(pid_t pid);

// Counts the processes whose command line begins with `title`.
unsigned count_processes(const std::string& title);

}  // namespace xdpcap::soak
