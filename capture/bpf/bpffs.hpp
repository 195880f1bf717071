// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// The paths of all objects pinned in any mounted bpffs (from /proc/self/mounts), in alphabetical
// order. An instance with several mount points is listed at the first one only. Folders that may
// not be read are skipped.
std::vector<std::string> pinned_paths();

// Whether there is one at its usual place, and else what to do.
bool bpffs_is_mounted();
std::string bpffs_mount_hint();

// Unescapes a field of /proc/mounts, where space, tab, newline and backslash are written as three
// octal digits: "/my\040bpf" is "/my bpf" (proc(5), getmntent(3)).
std::string unescape_mount_field(std::string_view field);

}  // namespace xdpcap
