// SPDX-License-Identifier: BSD-3-Clause
// The kinds of faults.
#pragma once

#include <vector>

#include "chaos/world.hpp"

namespace xdpcap::chaos {

struct Fault {
  const char* name;
  const char* what;
  unsigned weight;  // how often it is chosen, against others
  // Whether there is something that it can be done to. Depends on earlier choices only, not on how
  // far the captures have got: so that a seed chooses the same again.
  bool (*is_possible)(const World&);
  void (*apply)(World&);
};

const std::vector<Fault>& all_faults();

// By what they are done to, each in a file of its own.
std::vector<Fault> slot_faults();      // slots of hooks
std::vector<Fault> hook_faults();      // pins, programs, locks
std::vector<Fault> process_faults();   // tools and guardians
std::vector<Fault> resource_faults();  // disks, descriptors, memory, readers

}  // namespace xdpcap::chaos
