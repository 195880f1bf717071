// SPDX-License-Identifier: BSD-3-Clause
// Captures that share a hook. A slot holds one program; a recorder ends with a tail call through
// its "next", a PROG_ARRAY of one entry, and a capture that finds the slot taken installs its
// recorder into the next of the last one:
//
//   slot of the hook ──▶ recorder of capture 1 ──next──▶ recorder of capture 2 ──next──▶ (nothing)
//
// A capture that leaves the chain connects its predecessor to its successor: one update, so no
// packet misses the other recorders. The kernel empties a PROG_ARRAY when the last process closes
// it (prog_array_map_clear()), even while programs use it. So a capture also keeps the nexts open
// through which its recorder is called (Place), in case their captures are killed. That is why
// captures join at the end: a new one knows all nexts before it from the first packet on, and the
// others do not have to learn about its next.
//
// A program that has no next, such as that of another tool or of a capture that does not share,
// stays the last one: recorders join in front of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// The name of the map through which a recorder calls the next one.
inline constexpr const char* kNextName = "xdpcap_next";

// The maximum number of programs in the chain of a slot. The kernel allows 33 tail calls in a row
// (MAX_TAIL_CALL_CNT), and XDP programs need some of them themselves.
inline constexpr unsigned kLongestChain = 16;

// Place is a PROG_ARRAY entry that a recorder can be called from: a slot of a hook, or the next of
// another recorder.
struct Place {
  std::uint32_t slot = 0;
  std::vector<UniqueFd> nexts{};  // of all recorders before it; empty: it is the slot

  [[nodiscard]] int map_fd(int hook_fd) const {
    return nexts.empty() ? hook_fd : nexts.back().get();
  }
  [[nodiscard]] std::uint32_t key() const { return nexts.empty() ? slot : 0; }
};

// An empty "next". Throws Error.
UniqueFd create_next();

// The "next" of a recorder; invalid if it has none, if it is not a recorder of this tool, or if
// this process may not look. Throws Error for lack of memory or descriptors.
UniqueFd next_of(std::uint32_t program_id);

// The program in an entry of a PROG_ARRAY, or nothing. Throws Error as next_of() does.
std::optional<std::uint32_t> program_at(int map_fd, std::uint32_t key);

// Installs a loaded program into an entry. False if it is not loaded any more, or not compatible.
bool put_program(int map_fd, std::uint32_t key, std::uint32_t program_id);

// The entry in the chain of a slot that calls the program. Nothing if it is not in the chain, or if
// it comes after other programs and this process may not inspect those (CAP_SYS_ADMIN). Throws
// Error.
std::optional<Place> find_place(int hook_fd, std::uint32_t slot, std::uint32_t program_id);

// The entry where a recorder joins the chain of a slot: the next of the last recorder that has one,
// or the slot. If it holds a program, this process can see no next of that one. Throws Error.
Place find_end(int hook_fd, std::uint32_t slot);

// The ids of the programs in the chain of a slot, in the order in which they are called, as far as
// this process may see. Throws Error.
std::vector<std::uint32_t> chain_in(int hook_fd, std::uint32_t slot);

}  // namespace xdpcap
