// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap::test {

// MemoryGroup is a control group with a memory limit: if its processes together exceed it, the
// kernel's OOM killer kills one of them. For either version of control groups.
class MemoryGroup {
 public:
  // Throws Error if control groups cannot be created on this machine.
  explicit MemoryGroup(std::uint64_t bytes);
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;
  MemoryGroup(MemoryGroup&&) = delete;
  MemoryGroup& operator=(MemoryGroup&&) = delete;
  ~MemoryGroup();

  // The command that runs `command` in the group from its first instruction on.
  [[nodiscard]] std::vector<std::string> inside(const std::vector<std::string>& command) const;
  // The number of processes that the OOM killer has killed in it.
  [[nodiscard]] std::uint64_t kills() const;

 private:
  std::string path_;
};

}  // namespace xdpcap::test
