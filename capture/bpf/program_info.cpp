// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/program_info.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.hpp"
#include "base/unique_fd.hpp"

namespace xdpcap {
namespace {

// MAX_USED_MAPS of the kernel's bpf_verifier.h, the limit for a program.
constexpr std::uint32_t kMostMaps = 64;

std::optional<ProgramInfo> describe(int fd) {
  std::vector<std::uint32_t> maps(kMostMaps);
  bpf_prog_info info{};
  info.nr_map_ids = kMostMaps;
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return std::nullopt;
  maps.resize(std::min(info.nr_map_ids, kMostMaps));
  return ProgramInfo{info.id, info.type, info.name, info.load_time, info.btf_id, std::move(maps)};
}

}  // namespace

std::string ProgramInfo::text() const {
  return "program " + std::to_string(id) + " (" + name + ")";
}

bool ProgramInfo::is_xdp() const {
  return type == BPF_PROG_TYPE_XDP;
}

bool ProgramInfo::is_extension() const {
  return type == BPF_PROG_TYPE_EXT;
}

bool ProgramInfo::uses(std::uint32_t map_id) const {
  return std::find(map_ids.begin(), map_ids.end(), map_id) != map_ids.end();
}

ProgramInfo program_info(int program_fd) {
  if (auto info = describe(program_fd)) return std::move(*info);
  throw system_error("asking the kernel about a program", errno);
}

// The descriptor is closed on return, so that this process does not show up as a user of the
// program.
std::optional<ProgramInfo> find_program(std::uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  return fd.valid() ? describe(fd.get()) : std::nullopt;
}

std::vector<ProgramInfo> loaded_programs() {
  std::vector<ProgramInfo> programs;
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    auto program = find_program(id);
    if (!program && errno != ENOENT) break;
    if (program) programs.push_back(std::move(*program));
  }
  if (errno == ENOENT) return programs;  // after the last one
  throw system_error("looking at the loaded BPF programs", errno, kLookHint);
}

std::vector<ProgramInfo> loaded_xdp_programs() {
  std::vector<ProgramInfo> programs = loaded_programs();
  std::erase_if(programs, [](const ProgramInfo& program) { return !program.is_xdp(); });
  return programs;
}

std::vector<std::uint32_t> programs_using(std::uint32_t map_id) {
  std::vector<std::uint32_t> users;
  for (std::uint32_t id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
    const auto program = find_program(id);
    if (program && program->uses(map_id)) users.push_back(id);
  }
  return users;
}

}  // namespace xdpcap
