// SPDX-License-Identifier: BSD-3-Clause
#include "soak/process_gauge.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace xdpcap::soak {

namespace fs = std::filesystem;

Gauge gauge(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  Gauge gauge;
  std::error_code ignored;
  for (fs::directory_iterator fd(process + "/fd", ignored), end; !ignored && fd != end;
       fd.increment(ignored)) {
    ++gauge.descriptors;
  }
  std::ifstream status(process + "/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream fields(line);
    std::string name;
    if (fields >> name && name == "RssAnon:") fields >> gauge.memory;
  }
  return gauge;
}

unsigned count_processes(const std::string& title) {
  unsigned count = 0;
  std::error_code ignored;
  for (fs::directory_iterator process("/proc", ignored), end; !ignored && process != end;
       process.increment(ignored)) {
    // If a process ends meanwhile, the line is empty.
    std::ifstream cmdline(process->path() / "cmdline");
    std::string first;
    std::getline(cmdline, first, '\0');
    if (first.starts_with(title)) ++count;
  }
  return count;
}

}  // namespace xdpcap::soak
