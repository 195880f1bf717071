// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "source/inventory.hpp"

namespace xdpcap {

// The hooks for people:
//
//   /sys/fs/bpf/xdpcap: map 12, 5 slots
//     program 31 xdp_pass: eth0 (native), lab/eth0 (generic)
//     capture drop, pass: xdpcap-cpp (pid 300)
//
// The name of an interface of another network namespace follows that of the namespace.
std::string list_as_text(const std::vector<ListedHook>& hooks);

// The same for programs: an array of objects with the members path, map_id, slots, programs (id,
// name, dispatcher, attachments: netns, interface, ifindex, mode) and captures (action, slot,
// program_id, program_name, processes: pid, command). netns is null for the namespace we are in;
// interface is null, and mode "unknown", for an interface of a namespace that we cannot look into.
std::string list_as_json(const std::vector<ListedHook>& hooks);

}  // namespace xdpcap
