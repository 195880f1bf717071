// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

namespace xdpcap::chaos {

// Disk is a separate file system in memory that can be filled.
class Disk {
 public:
  // All users may write to it. Throws Error.
  explicit Disk(std::string path);
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  Disk(Disk&&) = delete;
  Disk& operator=(Disk&&) = delete;
  ~Disk();

  // Shrinks it to what is in it.
  void fill() const;
  // Restores its size.
  void free() const;

 private:
  std::string path_;
};

}  // namespace xdpcap::chaos
