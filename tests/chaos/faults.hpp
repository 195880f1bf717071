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
  // Whether it can be applied to anything. Depends only on earlier choices, not on the progress of
  // the captures, so that a seed always makes the same choices.
  bool (*is_possible)(const World&);
  void (*apply)(World&);
};

const std::vector<Fault>& all_faults();

// By target, each in its own file.
std::vector<Fault> slot_faults();      // slots of hooks
std::vector<Fault> hook_faults();      // pins, programs, locks
std::vector<Fault> process_faults();   // tools and guardians
std::vector<Fault> resource_faults();  // disks, descriptors, memory, readers

}  // namespace xdpcap::chaos
