// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <sys/types.h>

#include "base/unique_fd.hpp"
#include "output/file_location.hpp"

namespace xdpcap {

// To free the blocks of a file of this size, in bytes, a file system may need so long that rings
// overflow: 0.2 seconds for 1 GB.
inline constexpr off_t kLargeFile = 16'000'000;

// RemovedFile is made before the file at a location is removed or replaced: then the file system
// frees the blocks of a large file not in that call, but in another thread.
class RemovedFile {
 public:
  // Nothing if there is no file, or only a small one.
  explicit RemovedFile(const FileLocation& location);
  RemovedFile(const RemovedFile&) = delete;
  RemovedFile& operator=(const RemovedFile&) = delete;
  RemovedFile(RemovedFile&&) = delete;
  RemovedFile& operator=(RemovedFile&&) = delete;
  ~RemovedFile();

 private:
  UniqueFd fd_;
};

}  // namespace xdpcap
