// SPDX-License-Identifier: BSD-3-Clause
// Captures that share a hook. A slot holds one program; a recorder that finds it taken goes in
// front, and ends with a tail call to the program it found:
//
//   slot of the hook ──▶ recorder of capture 3 ──next──▶ recorder of capture 2 ──next──▶ program 1
//
// "next" is a PROG_ARRAY of one entry that belongs to the recorder; every one that shares has one.
// Who leaves the chain connects its predecessor to its successor: one update, so no packet misses
// the others. The kernel empties a PROG_ARRAY when no process has it open any more
// (prog_array_map_clear()), even while programs use it: so whoever is called through the next of
// another keeps that open, too (Place), in case the other one is killed.
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

// Place is an entry of a PROG_ARRAY that calls a program: a slot of a hook, or a recorder's next.
struct Place {
  UniqueFd next;          // invalid: it is the slot
  std::uint32_t key = 0;  // in that map, or in the hook
  [[nodiscard]] int map_fd(int hook_fd) const { return next.valid() ? next.get() : hook_fd; }
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

// Where in the chain that begins in slot `key` of a hook the program is called from. Nothing when
// it is not in it, or when it stands after others and this process may not look at those
// (CAP_SYS_ADMIN). Throws Error.
std::optional<Place> find_place(int hook_fd, std::uint32_t key, std::uint32_t program_id);

// The free entry at the end of the chain that begins in slot `key`: the next of a recorder after
// which nothing comes. Nothing when the last program is none that could go on to another. Throws
// Error.
std::optional<Place> find_end(int hook_fd, std::uint32_t key);

// The ids of the programs that stand in a slot, as far as this process may see: first the one that
// is called first. Throws Error.
std::vector<std::uint32_t> chain_in(int hook_fd, std::uint32_t key);

}  // namespace xdpcap
