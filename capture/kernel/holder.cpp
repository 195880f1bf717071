// SPDX-License-Identifier: BSD-3-Clause
#include "kernel/holder.hpp"

#include <bpf/bpf.h>
#include <linux/capability.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "kernel/capabilities.hpp"
#include "kernel/chain.hpp"

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

std::string load_time(const ProgramInfo& info) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  const auto loaded = static_cast<std::time_t>(info.load_time / kSecond);
  return local_time(std::time(nullptr) - (since_boot.tv_sec - loaded));
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

}  // namespace

std::optional<Holder> find_holder(std::uint32_t program_id) {
  std::error_code error;
  for (fs::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const auto pid = parse_number<int>(process->path().filename().native());
    if (!pid || !holds(process->path(), program_id)) continue;
    Holder holder{*pid, {}};
    std::ifstream comm(process->path() / "comm");
    std::getline(comm, holder.command);
    return holder;
  }
  return std::nullopt;
}

std::string describe_program(std::uint32_t program_id) {
  std::string text = "BPF program " + std::to_string(program_id);
  const auto info = info_of(program_id);
  if (!info) return text;
  text += " (" + info->name + ")";
  if (const auto holder = find_holder(program_id)) {
    text += ", pid " + std::to_string(holder->pid) + " (" + holder->command + ")";
  }
  return text + ", since " + load_time(*info);
}

bool is_left_over(std::uint32_t program_id) {
  const bool sees_all = in_first_pid_namespace() && has_capability(CAP_SYS_PTRACE);
  const auto info = info_of(program_id);
  return sees_all && info && info->name.starts_with("xdpcap_") && !find_holder(program_id);
}

}  // namespace xdpcap
