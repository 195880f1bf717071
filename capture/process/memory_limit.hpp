// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <istream>
#include <string>

namespace xdpcap {

// How many bytes of memory this process may use: what the machine can provide without swapping, or
// less if its cgroup or an ancestor has a limit (memory.max of cgroup v2, memory.limit_in_bytes of
// v1). BPF maps count against it.
std::uint64_t memory_limit();

// "MemAvailable" in a text like that of /proc/meminfo (proc_meminfo(5)), in bytes; the largest
// number if it is not there.
std::uint64_t available_memory(std::istream& meminfo);

// The least limit of the cgroups in `groups` (in the format of /proc/self/cgroup), which are
// mounted at `root`; the largest number if there is none. In a container the mount's root may be
// its own group, whose limit then counts.
std::uint64_t cgroup_limit(const std::string& groups, const std::string& root);

}  // namespace xdpcap
