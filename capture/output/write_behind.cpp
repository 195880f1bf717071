// SPDX-License-Identifier: BSD-3-Clause
#include "output/write_behind.hpp"

#include <fcntl.h>

#include <cerrno>

namespace xdpcap {
namespace {

constexpr std::uint64_t kPart = std::uint64_t{8} << 20U;
// Enough for the disk to work at its full rate.
constexpr std::size_t kStarted = 4;

// Only what the disk reports is an error; some file systems do not support the call.
int sync(int fd, std::uint64_t offset, std::uint64_t length, unsigned flags) {
  const bool done =
      ::sync_file_range(fd, static_cast<off_t>(offset), static_cast<off_t>(length), flags) == 0;
  if (done || (errno != EIO && errno != ENOSPC && errno != EDQUOT)) return 0;
  return errno;
}

}  // namespace

void WriteBehind::begin(std::uint64_t offset) {
  begin_ = offset;
  started_.clear();
}

int WriteBehind::wrote(int fd, std::uint64_t offset) {
  const std::uint64_t end = offset - offset % kPart;
  if (end <= begin_) return 0;
  const int error = start(fd, end);
  return error != 0 || started_.size() <= kStarted ? error : drop_oldest(fd);
}

int WriteBehind::start(int fd, std::uint64_t end) {
  started_.push_back({begin_, end - begin_});
  begin_ = end;
  return sync(fd, started_.back().offset, started_.back().length, SYNC_FILE_RANGE_WRITE);
}

int WriteBehind::drop_oldest(int fd) {
  const Part part = started_.front();
  started_.pop_front();
  constexpr unsigned kWait =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  const int error = sync(fd, part.offset, part.length, kWait);
  ::posix_fadvise(fd, static_cast<off_t>(part.offset), static_cast<off_t>(part.length),
                  POSIX_FADV_DONTNEED);
  return error;
}

}  // namespace xdpcap
