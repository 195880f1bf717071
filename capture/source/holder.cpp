// SPDX-License-Identifier: BSD-3-Clause
#include "source/holder.hpp"

#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "process/capabilities.hpp"
#include "ring/control.hpp"

namespace xdpcap {
namespace {

namespace fs = std::filesystem;

// Notes whether anything could not be read for lack of descriptors or memory. Other errors do not
// count: processes end, and those of a parent user namespace may not be inspected.
class ResourceErrors {
 public:
  void note(int error_number) {
    any_ = any_ || error_number == EMFILE || error_number == ENFILE || error_number == ENOMEM;
  }
  [[nodiscard]] bool any() const { return any_; }

 private:
  bool any_ = false;
};

// All BPF programs have the same name in /proc/<pid>/fd.
bool is_open_program(const fs::path& link, ResourceErrors& errors) {
  std::error_code error;
  const fs::path name = fs::read_symlink(link, error);
  errors.note(error.value());
  return name == "anon_inode:bpf-prog";
}

std::optional<std::uint32_t> program_id_in(const fs::path& fdinfo, ResourceErrors& errors) {
  constexpr std::string_view kField = "prog_id:";
  std::ifstream file(fdinfo);
  if (!file.is_open()) errors.note(errno);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kField)) continue;
    return parse_number<std::uint32_t>(trim(std::string_view(line).substr(kField.size())));
  }
  return std::nullopt;
}

// The programs that a process (/proc/<pid>) has open; none if it ends meanwhile.
std::set<std::uint32_t> open_programs(const fs::path& process, ResourceErrors& errors) {
  std::set<std::uint32_t> ids;
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end;
       fd.increment(error)) {
    if (!is_open_program(fd->path(), errors)) continue;
    const auto id = program_id_in(process / "fdinfo" / fd->path().filename(), errors);
    if (id) ids.insert(*id);
  }
  errors.note(error.value());
  return ids;
}

// "2026-11-21 04:11:05" for a time in seconds since boot.
std::string date_of(std::int64_t seconds) {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return local_time("%Y-%m-%d %H:%M:%S", std::time(nullptr) - (since_boot.tv_sec - seconds));
}

std::int64_t load_time(const ProgramInfo& info) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  return static_cast<std::int64_t>(info.load_time / kSecond);
}

// Field 22 of /proc/<pid>/stat, in clock ticks; the second one, a name in brackets, may hold
// spaces.
std::int64_t start_of(const fs::path& process) {
  constexpr int kFields = 20;
  std::ifstream file(process / "stat");
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string field;
  for (int i = 0; i < kFields; ++i) fields >> field;
  return parse_number<std::int64_t>(field).value_or(0) / ::sysconf(_SC_CLK_TCK);
}

// Only the initial PID namespace (PROC_PID_INIT_INO) shows all processes of the machine.
bool in_initial_pid_namespace() {
  std::error_code error;
  return fs::read_symlink("/proc/self/ns/pid", error) == "pid:[4026531836]" && !error;
}

Holder describe(const fs::path& process, int pid) {
  std::ifstream comm(process / "comm");
  std::string command;
  std::getline(comm, command);
  return {pid, printable(std::move(command)), start_of(process)};
}

std::map<std::uint32_t, std::vector<Holder>> find_holders(const std::set<std::uint32_t>& programs,
                                                          ResourceErrors& errors) {
  std::map<std::uint32_t, std::vector<Holder>> holders;
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const auto pid = parse_number<int>(process->path().filename().native());
    if (!pid) continue;
    for (const std::uint32_t id : open_programs(process->path(), errors)) {
      if (programs.contains(id)) holders[id].push_back(describe(process->path(), *pid));
    }
  }
  errors.note(error.value());
  return holders;
}

}  // namespace

// Programs of other tools may have the same name prefix, but not the control map.
bool is_recorder(std::uint32_t program_id) {
  const auto info = find_program(program_id);
  return info && info->name.starts_with("xdpcap_") &&
         std::any_of(info->map_ids.begin(), info->map_ids.end(), [](std::uint32_t id) {
           const auto map = find_map(id);
           return map && map->name == std::string_view(kControlName);
         });
}

std::map<std::uint32_t, std::vector<Holder>> find_holders(const std::set<std::uint32_t>& programs) {
  ResourceErrors ignored;
  return find_holders(programs, ignored);
}

// Without CAP_SYS_ADMIN the load time of the program is unknown: then the start of its process is
// shown.
std::string describe_program(std::uint32_t program_id) {
  std::string text = "BPF program " + std::to_string(program_id);
  const auto info = find_program(program_id);
  const auto holders = find_holders({program_id});
  const Holder* holder = holders.empty() ? nullptr : &holders.begin()->second.front();
  if (info) text += " (" + info->name + ")";
  if (holder != nullptr)
    text += ", pid " + std::to_string(holder->pid) + " (" + holder->command + ")";
  if (info || holder != nullptr)
    text += ", since " + date_of(info ? load_time(*info) : holder->start);
  return text;
}

std::set<std::uint32_t> orphaned_recorders(const std::set<std::uint32_t>& programs) {
  if (programs.empty() || !in_initial_pid_namespace() || !has_capability(CAP_SYS_PTRACE)) return {};
  std::set<std::uint32_t> recorders;
  std::copy_if(programs.begin(), programs.end(), std::inserter(recorders, recorders.end()),
               is_recorder);
  if (recorders.empty()) return {};
  ResourceErrors errors;
  for (const auto& [id, holders] : find_holders(recorders, errors)) recorders.erase(id);
  return errors.any() ? std::set<std::uint32_t>() : recorders;
}

}  // namespace xdpcap
