// SPDX-License-Identifier: BSD-3-Clause
// Network namespaces that have a name (ip-netns(8)).
#pragma once

#include <filesystem>
#include <functional>
#include <vector>

namespace xdpcap {

// Those in /run/netns, sorted, but for the one we are in.
std::vector<std::filesystem::path> other_network_namespaces();

// Calls `visit` in that namespace; not at all where this process may not enter (CAP_SYS_ADMIN). A
// namespace is a thread's: a thread of its own goes there, and this one stays where it is.
void visit_network_namespace(const std::filesystem::path& path, const std::function<void()>& visit);

}  // namespace xdpcap
