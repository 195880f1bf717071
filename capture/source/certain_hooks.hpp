// SPDX-License-Identifier: BSD-3-Clause
// Finds the hooks of a program. A hook looks like any jump table: a recorder installed in one that
// is not a hook would replace a part of the program. So a map that the user did not name counts as
// a hook only if its own name has "xdpcap" in it, or if it was defined by XDPCAP_DEFINE_HOOK(),
// which shows in the type information of the program (bpf/hook/xdpcap.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bpf/program_info.hpp"

namespace xdpcap {

struct ProgramArray {
  std::uint32_t map_id = 0;
  std::string name;  // at most 15 characters
  bool is_hook = false;
};

// The maps of type PROG_ARRAY that a program uses. Throws Error if this process may not see them,
// as do the next two.
std::vector<ProgramArray> program_arrays(const ProgramInfo& program);

// Those of them that are hooks, by id.
std::vector<std::uint32_t> certain_hooks(const ProgramInfo& program);

// Whether a map is a hook of one of the programs that use it.
bool is_certain_hook(std::uint32_t map_id);

}  // namespace xdpcap
