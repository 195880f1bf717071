// SPDX-License-Identifier: BSD-3-Clause
#include "source/hook_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace xdpcap {

// Opens the folder again: a forked process shares open file descriptions, and so their locks.
HookLock::HookLock(int folder_fd, std::chrono::milliseconds timeout)
    : fd_(::openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  constexpr std::chrono::milliseconds kLook{2};
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (fd_.valid()) {
    held_ = ::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0;
    if (held_ || errno != EWOULDBLOCK || std::chrono::steady_clock::now() >= end) return;
    std::this_thread::sleep_for(kLook);
  }
}

UniqueFd open_folder(const std::string& path) {
  const char* folder = path.empty() ? "." : path.c_str();
  return UniqueFd(::open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace xdpcap
