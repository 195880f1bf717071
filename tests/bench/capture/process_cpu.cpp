// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/process_cpu.hpp"

#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace xdpcap::bench {
namespace {

// The fields of proc(5)'s stat from the third on: the second, the name, may contain anything.
std::vector<std::string> status_fields(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  std::vector<std::string> fields;
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

std::string field(const std::vector<std::string>& fields, std::size_t number) {
  constexpr std::size_t kFirst = 3;
  return number - kFirst < fields.size() ? fields[number - kFirst] : "0";
}

std::multimap<pid_t, pid_t> read_children() {
  constexpr std::size_t kParent = 4;
  std::multimap<pid_t, pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    pid_t process = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), process).ec != std::errc{})
      continue;
    children.emplace(std::stoi(field(status_fields(process), kParent)), process);
  }
  return children;
}

CpuTime sum(pid_t process, const std::multimap<pid_t, pid_t>& children) {
  CpuTime time = cpu_time_of(process);
  const auto [begin, end] = children.equal_range(process);
  for (auto child = begin; child != end; ++child) time = time + sum(child->second, children);
  return time;
}

}  // namespace

CpuTime cpu_time_of(pid_t process) {
  constexpr std::size_t kUser = 14;
  constexpr std::size_t kSystem = 15;
  clockid_t clock{};
  timespec total{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &total) != 0) return {};
  const std::vector<std::string> fields = status_fields(process);
  return {.total = static_cast<double>(total.tv_sec) + static_cast<double>(total.tv_nsec) * 1e-9,
          .user_ticks = std::stod(field(fields, kUser)),
          .system_ticks = std::stod(field(fields, kSystem))};
}

CpuTime cpu_time_of_tree(pid_t process) {
  return sum(process, read_children());
}

}  // namespace xdpcap::bench
