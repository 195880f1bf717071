// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/holder.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/chain.hpp"
#include "kernel/control.hpp"

namespace xdpcap {
namespace {

namespace fs = std::filesystem;

// Files of programs have no name in /proc/<pid>/fd but this one.
bool is_open_program(const fs::path& link) {
  std::error_code error;
  return fs::read_symlink(link, error) == "anon_inode:bpf-prog" && !error;
}

bool is_program(const fs::path& fdinfo, std::uint32_t program_id) {
  constexpr std::string_view kField = "prog_id:";
  std::ifstream file(fdinfo);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(kField)) continue;
    return parse_number<std::uint32_t>(trim(std::string_view(line).substr(kField.size()))) ==
           program_id;
  }
  return false;
}

bool holds(const fs::path& process, std::uint32_t program_id) {
  std::error_code error;
  for (fs::directory_iterator fd(process / "fd", error), end; !error && fd != end;
       fd.increment(error)) {
    if (is_open_program(fd->path()) &&
        is_program(process / "fdinfo" / fd->path().filename(), program_id)) {
      return true;
    }
  }
  return false;
}

std::string local_time(std::time_t time) {
  std::tm parts{};
  ::localtime_r(&time, &parts);
  char text[32];
  const std::size_t length = std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
  return {text, length};
}

// "2026-11-21 04:11:05" for a time in seconds since boot.
std::string date_of(std::int64_t seconds) {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return local_time(std::time(nullptr) - (since_boot.tv_sec - seconds));
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

// The descriptor is closed again before anybody looks for those who have the program open.
std::optional<ProgramInfo> info_of(std::uint32_t program_id) {
  const UniqueFd fd(bpf_prog_get_fd_by_id(program_id));
  if (!fd.valid()) return std::nullopt;
  return program_info(fd.get());
}

// Only there are all processes of the machine to be seen (PROC_PID_INIT_INO).
bool in_first_pid_namespace() {
  std::error_code error;
  return fs::read_symlink("/proc/self/ns/pid", error) == "pid:[4026531836]" && !error;
}

// The name of a process is its own choice, terminal escapes included.
std::string printable(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isprint(c) == 0; }, '?');
  return name;
}

// Only recorders have such a map: so programs of others that share the prefix are not mistaken.
bool is_recorder(std::uint32_t program_id) {
  const UniqueFd program(bpf_prog_get_fd_by_id(program_id));
  if (!program.valid() || !program_info(program.get()).name.starts_with("xdpcap_")) return false;
  const std::vector<std::uint32_t> maps = maps_of(program.get());
  return std::any_of(maps.begin(), maps.end(),
                     [](std::uint32_t id) { return map_name(id) == kControlName; });
}

}  // namespace

std::optional<Holder> find_holder(std::uint32_t program_id) {
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const auto pid = parse_number<int>(process->path().filename().native());
    if (!pid || !holds(process->path(), program_id)) continue;
    Holder holder{*pid, {}, start_of(process->path())};
    std::ifstream comm(process->path() / "comm");
    std::getline(comm, holder.command);
    holder.command = printable(std::move(holder.command));
    return holder;
  }
  return std::nullopt;
}

// Who may not ask about the program (CAP_SYS_ADMIN) is told since when its owner has been running.
std::string describe_program(std::uint32_t program_id) {
  std::string text = "BPF program " + std::to_string(program_id);
  const auto info = info_of(program_id);
  const auto holder = find_holder(program_id);
  if (info) text += " (" + info->name + ")";
  if (holder) text += ", pid " + std::to_string(holder->pid) + " (" + holder->command + ")";
  if (info || holder) text += ", since " + date_of(info ? load_time(*info) : holder->start);
  return text;
}

bool is_left_over(std::uint32_t program_id) {
  const bool sees_all = in_first_pid_namespace() && has_capability(CAP_SYS_PTRACE);
  return sees_all && is_recorder(program_id) && !find_holder(program_id);
}

}  // namespace xdpcap
