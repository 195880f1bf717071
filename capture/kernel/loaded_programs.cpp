// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/loaded_programs.hpp"

#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "kernel/program_loader.hpp"

namespace xdpcap {
namespace {

namespace fs = std::filesystem;

// MAX_USED_MAPS of the kernel's bpf_verifier.h: a program uses no more.
constexpr std::uint32_t kMostMaps = 64;

std::optional<ProgramInfo> describe_if_xdp(int fd) {
  std::vector<std::uint32_t> maps(kMostMaps);
  bpf_prog_info info{};
  info.nr_map_ids = kMostMaps;
  info.map_ids = reinterpret_cast<std::uintptr_t>(maps.data());
  std::uint32_t length = sizeof(info);
  if (bpf_obj_get_info_by_fd(fd, &info, &length) != 0) return std::nullopt;
  if (info.type != BPF_PROG_TYPE_XDP) return std::nullopt;
  maps.resize(std::min(info.nr_map_ids, kMostMaps));
  return ProgramInfo{info.id, info.name, std::move(maps)};
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<std::uint32_t> program_id_in(const fs::path& fdinfo) {
  std::ifstream file(fdinfo);
  constexpr std::string_view kField = "prog_id:";
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kField)) continue;
    return parse_number<std::uint32_t>(trim(std::string_view(line).substr(kField.size())));
  }
  return std::nullopt;
}

// The programs that the process `proc` (/proc/PID) has open. One that ends while we look has none.
std::set<std::uint32_t> open_programs(const fs::path& proc) {
  std::set<std::uint32_t> ids;
  std::error_code error;
  fs::directory_iterator entry(proc / "fd", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code gone;
    if (fs::read_symlink(entry->path(), gone) != "anon_inode:bpf-prog") continue;
    if (const auto id = program_id_in(proc / "fdinfo" / entry->path().filename())) ids.insert(*id);
  }
  return ids;
}

}  // namespace

std::vector<ProgramInfo> loaded_xdp_programs() {
  std::vector<ProgramInfo> programs;
  std::uint32_t id = 0;
  while (bpf_prog_get_next_id(id, &id) == 0) {
    const UniqueFd fd(bpf_prog_get_fd_by_id(id));
    if (!fd.valid()) continue;  // went away while we looked
    if (auto program = describe_if_xdp(fd.get())) programs.push_back(std::move(*program));
  }
  if (errno == ENOENT) return programs;  // that was the last one
  throw system_error("looking at the loaded BPF programs", errno,
                     "run as root, or with CAP_SYS_ADMIN");
}

std::string program_name(std::uint32_t id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(id));
  bpf_prog_info info{};
  std::uint32_t length = sizeof(info);
  if (!fd.valid() || bpf_obj_get_info_by_fd(fd.get(), &info, &length) != 0) return {};
  return info.name;
}

std::map<std::uint32_t, std::vector<Process>> processes_of(
    const std::set<std::uint32_t>& programs) {
  std::map<std::uint32_t, std::vector<Process>> processes;
  std::error_code error;
  fs::directory_iterator entry("/proc", error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const auto pid = parse_number<pid_t>(entry->path().filename().string());
    if (!pid) continue;
    for (const std::uint32_t id : open_programs(entry->path())) {
      if (!programs.contains(id)) continue;
      processes[id].push_back({*pid, first_line(entry->path() / "comm")});
    }
  }
  return processes;
}

}  // namespace xdpcap
