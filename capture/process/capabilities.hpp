// SPDX-License-Identifier: BSD-3-Clause
// Capabilities, by name (capabilities(7)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

// The effective capabilities of this process, a bit for each (linux/capability.h).
std::uint64_t effective_capabilities();

// Whether this process has a capability: CAP_SYS_ADMIN, ...
bool has_capability(unsigned number);

// The capabilities that capturing needs and that are missing from `capabilities`: CAP_BPF for maps
// and programs, CAP_NET_ADMIN for XDP programs, CAP_PERFMON for programs that read kernel memory.
// CAP_SYS_ADMIN implies CAP_BPF and CAP_PERFMON, which were split from it in Linux 5.8.
std::vector<std::string> missing_capabilities(std::uint64_t capabilities);

// The hint for a permission error: the missing capabilities, or other possible causes.
std::string permission_hint();

}  // namespace xdpcap
