// SPDX-License-Identifier: BSD-3-Clause
// What root is needed for, by name (capabilities(7)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

// The effective capabilities of this process, a bit for each (linux/capability.h).
std::uint64_t effective_capabilities();

// Whether this process has a capability: CAP_SYS_ADMIN, ...
bool has_capability(unsigned number);

// Those that capturing needs and that are not among `capabilities`: CAP_BPF for maps and programs,
// CAP_NET_ADMIN for XDP programs, CAP_PERFMON for the verifier to let them read kernel memory.
// CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, as it did before Linux 5.8 had them.
std::vector<std::string> missing_capabilities(std::uint64_t capabilities);

// What to tell a user whom the kernel refused something: the capabilities that are missing, or what
// else it can be.
std::string permission_hint();

}  // namespace xdpcap
