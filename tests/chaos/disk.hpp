// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace xdpcap::chaos {

// Disk is a file system of its own, in memory, that can be full.
class Disk {
 public:
  // Everybody may write to it. Throws Error.
  explicit Disk(std::string path);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  Disk(Disk&&) = delete;
  Disk& operator=(Disk&&) = delete;
  ~Disk();

  // Leaves no room beside what is there.
  void fill() const;
  // Gives it back.
  void free() const;

 private:
  std::string path_;
};

}  // namespace xdpcap::chaos
