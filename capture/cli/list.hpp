// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "source/inventory.hpp"

namespace xdpcap {

// The hooks and captures for people:
//
//   /sys/fs/bpf/xdpcap: map 12, 5 slots
//     program 31 xdp_pass: eth0 (native), lab/eth0 (generic)
//     capture drop, pass: xdpcap-cpp (pid 300)
//   program 40 xdp_lb: eth1 (native)
//     capture entry, exit: xdpcap-cpp (pid 301)
//   eth2 (native): a recorder, program 45 xdpcap_attached
//     capture pass: xdpcap-cpp (pid 302)
//
// The name of an interface of another network namespace follows that of the namespace.
std::string list_as_text(const Listing& all);

// What to say of a list without what may have been expected, and why it is not there; usually
// empty.
std::string note_on(const Listing& all);

// The same for programs: an array of objects with the members kind (hook, program, interface), path
// (null if it is no hook), programs (id, name, dispatcher, attachments: netns, interface, ifindex,
// mode) and captures (program_id, program_name, processes: pid, command). Hooks also have map_id
// and slots, and their captures action and slot; captures of a program have at (entry, exit), of an
// interface action. netns is null for the namespace we are in; interface is null, and mode
// "unknown", for an interface of a namespace that we cannot look into.
std::string list_as_json(const Listing& all);

}  // namespace xdpcap
