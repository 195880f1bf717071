// SPDX-License-Identifier: BSD-3-Clause
#include "process/memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <string_view>

#include "base/text.hpp"

namespace xdpcap {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// "max" or no file at all: no limit.
std::uint64_t limit_in(const fs::path& file) {
  std::ifstream stream(file);
  std::string text;
  stream >> text;
  return parse_number<std::uint64_t>(text).value_or(kNoLimit);
}

// The least limit of a group and its ancestors.
std::uint64_t least_limit(const fs::path& root, std::string_view group, const char* file) {
  std::uint64_t least = limit_in(root / file);
  fs::path folder = root;
  for (const fs::path& name : fs::path(group).relative_path()) {
    folder /= name;
    least = std::min(least, limit_in(folder / file));
  }
  return least;
}

bool has_memory(std::string_view controllers) {
  const auto names = split(controllers, ',');
  return std::find(names.begin(), names.end(), "memory") != names.end();
}

}  // namespace

// A line is "hierarchy:controllers:group" (cgroups(7)); that of version 2 begins with "0::".
std::uint64_t cgroup_limit(const std::string& groups, const std::string& root) {
  std::uint64_t least = kNoLimit;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    const std::string_view group = std::string_view(line).substr(second + 1);
    if (controllers.empty()) {
      least = std::min(least, least_limit(root, group, "memory.max"));
    } else if (has_memory(controllers)) {
      least =
          std::min(least, least_limit(fs::path(root) / "memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

std::uint64_t available_memory(std::istream& meminfo) {
  constexpr std::uint64_t kKilobyte = 1024;
  for (std::string line; std::getline(meminfo, line);) {
    std::istringstream words(line);
    std::string name;
    std::string kilobytes;
    if (!(words >> name >> kilobytes) || name != "MemAvailable:") continue;
    if (const auto number = parse_number<std::uint64_t>(kilobytes)) return *number * kKilobyte;
  }
  return kNoLimit;
}

std::uint64_t memory_limit() {
  const auto machine = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::ifstream file("/proc/self/cgroup");
  const std::string groups((std::istreambuf_iterator<char>(file)), {});
  std::ifstream meminfo("/proc/meminfo");
  return std::min({machine, available_memory(meminfo), cgroup_limit(groups, "/sys/fs/cgroup")});
}

}  // namespace xdpcap
