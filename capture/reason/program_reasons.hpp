// SPDX-License-Identifier: BSD-3-Clause
// Finds the maps in which loaded programs have their reasons (bpf/hook/xdpcap.h).
#pragma once

#include <cstdint>
#include <vector>

#include "base/unique_fd.hpp"
#include "reason/entries.hpp"

namespace xdpcap {

// The reasons of an object file.
struct ProgramReasons {
  std::uint32_t words_id;  // of the map with a word for each CPU
  UniqueFd words;
  std::vector<ReasonEntry> entries;  // at least one
};

// Those of the programs with these ids, each once; none if this process may not see them. Maps are
// recognized by what is in them: loaders name them differently.
std::vector<ProgramReasons> find_reasons(const std::vector<std::uint32_t>& programs);

// Removes what programs have left in the words before the capture.
void remove_old_reasons(const ProgramReasons& reasons);

}  // namespace xdpcap
