// SPDX-License-Identifier: BSD-3-Clause
// Captures that share a hook. A slot holds one program; a recorder ends with a tail call through
// its "next", a PROG_ARRAY of one entry, and a capture that finds the slot taken puts its recorder
// into the next of the last one:
//
//   slot of the hook ──▶ recorder of capture 1 ──next──▶ recorder of capture 2 ──next──▶ (nothing)
//
// Who leaves the chain connects its predecessor to its successor: one update, so no packet misses
// the others. The kernel empties a PROG_ARRAY when no process has it open any more
// (prog_array_map_clear()), even while programs use it: so whoever is called through the nexts of
// others keeps those open, too (Place), in case the others are killed. That is why one joins at the
// end: it knows all nexts before it from the first packet on, and nobody has to learn of a new one.
//
// A program that has no next, as that of another tool or of a capture that does not share, stays
// the last one: recorders join in front of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"

namespace xdpcap {

// How many programs stand in one slot at the most. The kernel allows 33 tail calls in a row
// (MAX_TAIL_CALL_CNT), of which the XDP programs need some themselves.
inline constexpr unsigned kLongestChain = 16;

// Place is an entry of a PROG_ARRAY that calls a program, or could: a slot of a hook, or a
// recorder's next.
struct Place {
  std::uint32_t slot = 0;
  std::vector<UniqueFd> nexts{};  // of all before it, from the slot on; none: it is the slot

  [[nodiscard]] int map_fd(int hook_fd) const {
    return nexts.empty() ? hook_fd : nexts.back().get();
  }
  [[nodiscard]] std::uint32_t key() const { return nexts.empty() ? slot : 0; }
};

// An empty "next". Throws Error.
UniqueFd create_next();

// The "next" of a recorder; invalid when it has none, when it is no recorder of ours, or when this
// process may not look. Throws Error when that cannot be told, for lack of memory or descriptors.
UniqueFd next_of(std::uint32_t program_id);

// The program in an entry of a PROG_ARRAY, or nothing. Throws Error as next_of() does.
std::optional<std::uint32_t> program_at(int map_fd, std::uint32_t key);

// Puts a program that is loaded into an entry. False when it is gone, or does not fit.
bool put_program(int map_fd, std::uint32_t key, std::uint32_t program_id);

// Where in the chain of a slot the program is called from. Nothing when it is not in it, or when it
// stands after others and this process may not look at those (CAP_SYS_ADMIN). Throws Error.
std::optional<Place> find_place(int hook_fd, std::uint32_t slot, std::uint32_t program_id);

// Where a recorder joins the chain of a slot: the next of the last recorder that has one. A program
// that is there already has none, as far as this process may see. Throws Error.
Place find_end(int hook_fd, std::uint32_t slot);

// The ids of the programs in the chain of a slot, as far as this process may see: first the one
// that is called first. Throws Error.
std::vector<std::uint32_t> chain_in(int hook_fd, std::uint32_t slot);

}  // namespace xdpcap
