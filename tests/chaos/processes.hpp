// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace xdpcap::chaos {

// ProcessId identifies a process permanently, as pids are reused.
struct ProcessId {
  pid_t pid = -1;
  std::string start{};  // field 22 of /proc/<pid>/stat

  friend bool operator==(const ProcessId&, const ProcessId&) = default;
};

// Whether it exists and has not ended.
bool is_running(const ProcessId& process);

// The children of a process that have the title of a guardian.
std::vector<ProcessId> guardians_of(pid_t pid);

// The ids of the BPF programs that a process has open.
std::set<std::uint32_t> programs_of(pid_t pid);

// How many descriptors a process has open.
std::size_t descriptors_of(pid_t pid);

}  // namespace xdpcap::chaos
