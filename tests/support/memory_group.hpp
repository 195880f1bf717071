// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap::test {

// MemoryGroup is a control group whose processes may not use more than so much memory together: for
// whoever goes beyond, the kernel's OOM killer ends one of them. Of either version of control
// groups.
class MemoryGroup {
 public:
  // Throws Error where this machine lets nobody make one.
  explicit MemoryGroup(std::uint64_t bytes);
  MemoryGroup(const MemoryGroup&) = delete;
  MemoryGroup& operator=(const MemoryGroup&) = delete;
  MemoryGroup(MemoryGroup&&) = delete;
  MemoryGroup& operator=(MemoryGroup&&) = delete;
  ~MemoryGroup();

  // The same command, in the group from its first instruction on.
  [[nodiscard]] std::vector<std::string> inside(const std::vector<std::string>& command) const;
  // How many processes the OOM killer has ended here.
  [[nodiscard]] std::uint64_t kills() const;

 private:
  std::string path_;
};

}  // namespace xdpcap::test
