// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace xdpcap {

// How many bytes of memory this process may use: the machine's memory, or less if its cgroup
// or an ancestor has a limit (memory.max of cgroup v2, memory.limit_in_bytes of v1). BPF maps count
// against it.
std::uint64_t memory_limit();

// The least limit of the cgroups in `groups` (in the format of /proc/self/cgroup), which are
// mounted at `root`; the largest number if there is none. In a container the mount's root may be
// its own group, whose limit then counts.
std::uint64_t cgroup_limit(const std::string& groups, const std::string& root);

}  // namespace xdpcap
