// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>

namespace xdpcap {

// How much memory this process may have: that of the machine, or what its control group or one of
// those above allows, where that is less (memory.max of cgroup v2, memory.limit_in_bytes of v1), in
// bytes. BPF maps count against it.
std::uint64_t memory_limit();

// The least limit of the control groups that `groups` names (as /proc/self/cgroup does), which are
// mounted at `root`; the highest number if there is none. In a container the mount may begin at its
// own group: then that tells.
std::uint64_t control_group_limit(const std::string& groups, const std::string& root);

}  // namespace xdpcap
