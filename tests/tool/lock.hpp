// SPDX-License-Identifier: BSD-3-Clause
// The lock that captures hold while they change a hook, taken by another process.
#pragma once

#include <fcntl.h>
#include <sys/file.h>

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap::test {

inline bool is_locked(const std::string& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0;
}

}  // namespace xdpcap::test
