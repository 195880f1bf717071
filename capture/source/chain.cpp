// SPDX-License-Identifier: BSD-3-Clause
#include "source/chain.hpp"

#include <bpf/bpf.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "bpf/program_loader.hpp"

namespace xdpcap {
namespace {

bool is_next(int map_fd) {
  const auto info = map_info(map_fd);
  return info && info->type == BPF_MAP_TYPE_PROG_ARRAY && info->max_entries == 1 &&
         std::string_view(info->name) == kNextName;
}

// A lookup that failed for lack of resources does not mean that nothing is there.
void throw_if_exhausted(int error_number) {
  for (const int shortage : {EMFILE, ENFILE, ENOMEM}) {
    if (error_number == shortage)
      throw system_error("finding the captures that share a hook", shortage);
  }
}

// Visits the entries of a chain, first the slot, until `visit(place, program id)` returns true or
// the chain ends. Returns the last entry.
template <class Visit>
Place walk(int hook_fd, std::uint32_t slot, Visit&& visit) {
  constexpr unsigned kMost = 2 * kLongestChain;
  Place place{slot};
  while (place.nexts.size() < kMost) {
    const auto program = program_at(place.map_fd(hook_fd), place.key());
    if (!program || visit(place, *program)) break;
    UniqueFd next = next_of(*program);
    if (!next.valid()) break;
    place.nexts.push_back(std::move(next));
  }
  return place;
}

}  // namespace

UniqueFd create_next() {
  return create_map(BPF_MAP_TYPE_PROG_ARRAY, kNextName, sizeof(std::uint32_t),
                    sizeof(std::uint32_t), 1);
}

UniqueFd next_of(std::uint32_t program_id) {
  const auto program = find_program(program_id);
  if (!program) {
    throw_if_exhausted(errno);
    return {};
  }
  for (const std::uint32_t id : program->map_ids) {
    UniqueFd map(bpf_map_get_fd_by_id(id));
    if (!map.valid()) throw_if_exhausted(errno);
    if (map.valid() && is_next(map.get())) return map;
  }
  return {};
}

std::optional<std::uint32_t> program_at(int map_fd, std::uint32_t key) {
  std::uint32_t id = 0;
  if (bpf_map_lookup_elem(map_fd, &key, &id) == 0) return id;
  throw_if_exhausted(errno);
  return std::nullopt;
}

bool put_program(int map_fd, std::uint32_t key, std::uint32_t program_id) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  const int fd = program.get();
  return program.valid() && bpf_map_update_elem(map_fd, &key, &fd, BPF_ANY) == 0;
}

std::optional<Place> find_place(int hook_fd, std::uint32_t slot, std::uint32_t program_id) {
  bool found = false;
  Place place = walk(hook_fd, slot, [&](const Place&, std::uint32_t program) {
    found = program == program_id;
    return found;
  });
  return found ? std::optional(std::move(place)) : std::nullopt;
}

Place find_end(int hook_fd, std::uint32_t slot) {
  return walk(hook_fd, slot, [](const Place&, std::uint32_t) { return false; });
}

std::vector<std::uint32_t> chain_in(int hook_fd, std::uint32_t slot) {
  std::vector<std::uint32_t> programs;
  walk(hook_fd, slot, [&](const Place&, std::uint32_t program) {
    programs.push_back(program);
    return false;
  });
  return programs;
}

}  // namespace xdpcap
