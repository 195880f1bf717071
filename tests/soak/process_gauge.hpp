// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace xdpcap::soak {

struct Gauge {
  std::uint64_t memory = 0;  // KiB of its own (RssAnon)
  std::uint64_t descriptors = 0;
};

// What a process takes; zeros when it is gone.
Gauge gauge(pid_t pid);

// How many processes there are whose command line begins with `title`.
unsigned count_processes(const std::string& title);

}  // namespace xdpcap::soak
