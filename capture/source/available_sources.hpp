// SPDX-License-Identifier: BSD-3-Clause
// All that a capture could be started from, for those who choose from a list.
#pragma once

#include <string>
#include <vector>

#include "source/inventory.hpp"

namespace xdpcap {

// AvailableSource is a source as -i takes it.
struct AvailableSource {
  std::string name;         // the same in each list, as long as the source is there
  std::string description;  // "XDP program xdp_lb on eth0, traced"
};

// In this order:
//
// - pinned hooks, by path;
// - interfaces of all namespaces whose XDP programs have a hook that is not among these, or none:
//   eth0, eth0@NETNS. Those whose programs cannot be traced either are left out;
// - other XDP programs (called by others, or components of a dispatcher), likewise;
// - interfaces of this namespace that are up and have no XDP program: Ethernet, and no ports of a
//   bridge or bond.
//
// To find out whether a program can be traced takes some ms: after a quarter of a second, the
// others count as if they could. Throws Error, usually because this process may not inspect BPF
// programs.
std::vector<AvailableSource> available_sources();

AvailableSource available(const ListedHook& hook);

}  // namespace xdpcap
