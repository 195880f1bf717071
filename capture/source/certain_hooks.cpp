// SPDX-License-Identifier: BSD-3-Clause
#include "source/certain_hooks.hpp"

#include <bpf/btf.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "source/chain.hpp"

namespace xdpcap {
namespace {

constexpr std::string_view kMark = "xdpcap_hook_of_";

// Without the type information of the program, which takes CAP_SYS_ADMIN, nothing is marked.
bool is_marked(std::uint32_t btf_id, std::string_view map_name) {
  if (btf_id == 0) return false;
  const std::unique_ptr<btf, decltype(&btf__free)> types(btf__load_from_kernel_by_id(btf_id),
                                                         &btf__free);
  if (!types) return false;
  for (std::uint32_t id = 1; id < btf__type_cnt(types.get()); ++id) {
    const btf_type* type = btf__type_by_id(types.get(), id);
    if (!btf_is_struct(type)) continue;
    const std::string_view name = btf__name_by_offset(types.get(), type->name_off);
    // The kernel truncates the names of maps.
    if (name.starts_with(kMark) && name.substr(kMark.size(), BPF_OBJ_NAME_LEN - 1) == map_name) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::vector<ProgramArray> program_arrays(const ProgramInfo& program) {
  std::vector<ProgramArray> arrays;
  for (const std::uint32_t id : program.map_ids) {
    const auto map = find_map(id);
    if (!map && errno == EPERM) {
      throw system_error("looking at the maps of " + program.text(), errno, kLookHint);
    }
    if (!map || map->type != BPF_MAP_TYPE_PROG_ARRAY) continue;
    const std::string name = map->name;
    const bool is_named = to_lower(name).find("xdpcap") != std::string::npos;
    if (name == kNextName) continue;  // of a recorder
    arrays.push_back({id, name, is_named || is_marked(program.btf_id, name)});
  }
  // The kernel has truncated their names to the same one: any of them may be the hook.
  for (ProgramArray& one : arrays) {
    const auto same = std::count_if(arrays.begin(), arrays.end(), [&](const ProgramArray& other) {
      return other.name == one.name;
    });
    if (same > 1) one.is_hook = false;
  }
  return arrays;
}

std::vector<std::uint32_t> certain_hooks(const ProgramInfo& program) {
  std::vector<std::uint32_t> hooks;
  for (const ProgramArray& array : program_arrays(program)) {
    if (array.is_hook) hooks.push_back(array.map_id);
  }
  return hooks;
}

bool is_certain_hook(std::uint32_t map_id) {
  const std::vector<std::uint32_t> users = programs_using(map_id);
  return std::any_of(users.begin(), users.end(), [&](std::uint32_t id) {
    const auto program = find_program(id);
    if (!program || !(program->is_xdp() || program->is_extension())) return false;
    const auto hooks = certain_hooks(*program);
    return std::find(hooks.begin(), hooks.end(), map_id) != hooks.end();
  });
}

}  // namespace xdpcap
