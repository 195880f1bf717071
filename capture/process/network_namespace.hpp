// SPDX-License-Identifier: BSD-3-Clause
// Named network namespaces (ip-netns(8)).
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace xdpcap {

// Those in /run/netns, sorted, except the current one.
std::vector<std::filesystem::path> other_network_namespaces();

// Whether two names, or a name and the current namespace (""), stand for the same one.
bool is_same_network_namespace(const std::string& a, const std::string& b);

// Calls `visit` in the namespace of this name, as visit_network_namespace() does. Throws Error if
// there is none or if this process may not enter it, and what `visit` throws.
void visit_named_namespace(const std::string& name, const std::function<void()>& visit);

// Calls `visit` in that namespace, or not at all if this process may not enter it (CAP_SYS_ADMIN).
// Namespaces are per thread, so another thread enters it and the caller's does not change.
void visit_network_namespace(const std::filesystem::path& path, const std::function<void()>& visit);

}  // namespace xdpcap
