// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// The path of every object pinned in a bpffs that is mounted here (all of /proc/self/mounts), in
// alphabetical order. An instance that is mounted at several places shows up at the first. Folders
// that may not be read are left out.
std::vector<std::string> pinned_paths();

// A field of /proc/mounts, where space, tab, newline and backslash stand as three octal digits:
// "/my\040bpf" is "/my bpf" (proc(5), getmntent(3)).
std::string unescape_mount_field(std::string_view field);

}  // namespace xdpcap
