// SPDX-License-Identifier: BSD-3-Clause
#include "support/memory_group.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "support/process.hpp"

namespace xdpcap::test {
namespace {

const std::string kUnified = "/sys/fs/cgroup";
const std::string kMemory = "/sys/fs/cgroup/memory";  // version 1

void write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text << std::flush;
  if (!file) throw system_error("writing " + text + " to " + path, errno);
}

bool is_unified() {
  return std::filesystem::exists(kUnified + "/cgroup.controllers");
}

}  // namespace

MemoryGroup::MemoryGroup(std::uint64_t bytes)
    : path_((is_unified() ? kUnified : kMemory) + "/xdpcap-test-" + std::to_string(::getpid())) {
  if (is_unified()) write(kUnified + "/cgroup.subtree_control", "+memory");
  if (::mkdir(path_.c_str(), 0700) != 0) throw system_error("making " + path_, errno);
  write(path_ + (is_unified() ? "/memory.max" : "/memory.limit_in_bytes"), std::to_string(bytes));
}

// A group can be removed once its last process has ended.
MemoryGroup::~MemoryGroup() {
  eventually([&] { return ::rmdir(path_.c_str()) == 0; });
}

std::vector<std::string> MemoryGroup::inside(const std::vector<std::string>& command) const {
  std::vector<std::string> whole = {"sh", "-c", "echo $$ >\"$0\" && exec \"$@\"",
                                    path_ + "/cgroup.procs"};
  whole.insert(whole.end(), command.begin(), command.end());
  return whole;
}

std::uint64_t MemoryGroup::kills() const {
  std::ifstream file(path_ + (is_unified() ? "/memory.events" : "/memory.oom_control"));
  std::string name;
  for (std::uint64_t count = 0; file >> name >> count;) {
    if (name == "oom_kill") return count;
  }
  throw Error("looking for oom_kill in " + path_ + ": no such line");
}

}  // namespace xdpcap::test
