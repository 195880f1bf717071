// SPDX-License-Identifier: BSD-3-Clause
#include "output/removed_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <thread>

namespace xdpcap {

RemovedFile::RemovedFile(const FileLocation& location) {
  struct stat info {};
  if (!location.look(info) || !S_ISREG(info.st_mode) || info.st_size < kLargeFile) return;
  fd_ = location.open(O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

RemovedFile::~RemovedFile() {
  if (!fd_.valid()) return;
  try {
    std::thread([fd = fd_.get()] { ::close(fd); }).detach();
    static_cast<void>(fd_.release());
  } catch (const std::system_error&) {  // then here
  }
}

}  // namespace xdpcap
