// SPDX-License-Identifier: BSD-3-Clause
// The disk that captures are written to, and the page cache before it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace xdpcap::bench {

// DiskFolder is a new folder on a disk, removed on destruction with everything in it.
class DiskFolder {
 public:
  // In `parent`. Throws UsageError if files there are in memory, or if there is no room.
  explicit DiskFolder(const std::filesystem::path& parent);
  ~DiskFolder();
  DiskFolder(const DiskFolder&) = delete;
  DiskFolder& operator=(const DiskFolder&) = delete;
  DiskFolder(DiskFolder&&) = delete;
  DiskFolder& operator=(DiskFolder&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // What a tool writes: a file or, if it writes several, a folder.
  [[nodiscard]] std::filesystem::path capture() const { return path_ / "capture"; }
  // Of all files in it.
  [[nodiscard]] std::uint64_t bytes() const;
  // Bytes that may be written, to leave some of the disk to others.
  [[nodiscard]] std::uint64_t room() const;
  // Removes what is in it.
  void clear() const;

 private:
  std::filesystem::path path_;
};

// How many bytes the page cache may keep that are not on a disk yet.
struct DirtyLimits {
  int ratio = 0, background_ratio = 0;  // vm.dirty_ratio, vm.dirty_background_ratio
  std::uint64_t most = 0;               // beyond it, who writes has to wait
  std::uint64_t background = 0;         // beyond it, the kernel begins to write
};
DirtyLimits read_dirty_limits();

// Bytes that are written, but not yet on a disk, of the whole machine.
std::uint64_t dirty_bytes();

}  // namespace xdpcap::bench
