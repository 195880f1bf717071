// SPDX-License-Identifier: BSD-3-Clause
#include "fate/names.hpp"

#include <net/if.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "process/network_namespace.hpp"

namespace xdpcap {
namespace {

std::optional<std::string> name_here(std::uint32_t index) {
  std::array<char, IF_NAMESIZE> name{};
  if (::if_indextoname(index, name.data()) == nullptr) return std::nullopt;
  return std::string(name.data());
}

bool is_namespace(const std::string& path, std::uint32_t inode) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && info.st_ino == inode;
}

std::optional<std::string> look_up(const xdpcap_device& device) {
  if (is_namespace("/proc/self/ns/net", device.network)) return name_here(device.index);
  std::optional<std::string> name;
  for (const std::filesystem::path& path : other_network_namespaces()) {
    if (!is_namespace(path, device.network)) continue;
    visit_network_namespace(path, [&] { name = name_here(device.index); });
    break;
  }
  return name;
}

std::map<std::uint32_t, std::string> names_of_programs() {
  std::map<std::uint32_t, std::string> names;
  try {
    for (const ProgramInfo& program : loaded_xdp_programs()) names[program.id] = program.name;
  } catch (const Error&) {  // without CAP_SYS_ADMIN only the ids are known
  }
  return names;
}

}  // namespace

Names::Names(NameLookup lookup) : lookup_(std::move(lookup)), programs_(names_of_programs()) {}

std::string Names::device(const xdpcap_device& device) const {
  std::string number = std::to_string(device.index);
  if (device.network == 0) return number;
  auto name = lookup_(device);
  if (!name) name = look_up(device);
  return name ? printable(*name) + "(" + number + ")" : number;
}

std::string Names::program(std::uint32_t id) const {
  const std::string number = "#" + std::to_string(id);
  if (const auto program = find_program(id)) return program->name + number;
  const auto known = programs_.find(id);
  return known != programs_.end() ? known->second + number : number;
}

std::uint32_t Names::map_type(std::uint32_t id) {
  const auto map = find_map(id);
  return map ? map->type : 0;
}

}  // namespace xdpcap
