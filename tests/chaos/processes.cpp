// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/processes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <iterator>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/unique_fd.hpp"

namespace xdpcap::chaos {
namespace {

namespace fs = std::filesystem;

// If the process ends meanwhile, returns what could be read before.
std::string file_of(pid_t pid, const std::string& name) {
  const std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 4096> chunk{};
  std::string text;
  for (ssize_t count = 0; (count = ::read(fd.get(), chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return text;
}

struct Stat {
  char state = 'X';
  std::string start;
};

// The second field, a name in brackets, may hold spaces.
Stat stat_of(pid_t pid) {
  constexpr int kStart = 20;  // fields from the state on
  const std::string text = file_of(pid, "stat");
  Stat stat;
  if (text.rfind(')') == std::string::npos) return stat;
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  fields >> stat.state;
  for (int i = 1; i < kStart; ++i) fields >> stat.start;
  return stat;
}

// After fork() the guardian has the title of the tool for a moment, before it sets its own.
bool is_guardian(pid_t pid) {
  return file_of(pid, "cmdline").find("guardian of ") != std::string::npos;
}

}  // namespace

bool is_running(const ProcessId& process) {
  const Stat stat = stat_of(process.pid);
  return stat.state != 'X' && stat.state != 'Z' && stat.start == process.start;
}

std::vector<ProcessId> guardians_of(pid_t pid) {
  std::vector<ProcessId> guardians;
  std::istringstream children(file_of(pid, "task/" + std::to_string(pid) + "/children"));
  for (pid_t child = 0; children >> child;) {
    if (is_guardian(child)) guardians.push_back({child, stat_of(child).start});
  }
  return guardians;
}

std::set<std::uint32_t> programs_of(pid_t pid) {
  constexpr std::string_view kField = "prog_id:";
  std::set<std::uint32_t> ids;
  std::error_code error;
  const fs::path folder = "/proc/" + std::to_string(pid) + "/fdinfo";
  for (fs::directory_iterator fd(folder, error), end; !error && fd != end; fd.increment(error)) {
    const std::string text = file_of(pid, "fdinfo/" + fd->path().filename().string());
    const auto at = text.find(kField);
    if (at == std::string::npos) continue;
    ids.insert(static_cast<std::uint32_t>(std::stoul(text.substr(at + kField.size()))));
  }
  return ids;
}

std::size_t descriptors_of(pid_t pid) {
  std::error_code error;
  const fs::directory_iterator all("/proc/" + std::to_string(pid) + "/fd", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace xdpcap::chaos
