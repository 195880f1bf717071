// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

struct OpenedFile {
  UniqueFd fd;
  bool created = false;  // it did not exist before
};

// Opens the file, FIFO or device `path` for writing, or makes a file (0600, less the umask). In
// folders that everybody may write to and only owners may delete from (/tmp), nothing is opened
// that somebody else may have put there for us: neither a symbolic link nor a file of another user.
// This is what the sysctls fs.protected_symlinks, _regular and _fifos do (Linux 3.6 and 4.19),
// which are off on many machines. A FIFO is waited for until somebody reads it, or until
// `interrupt_fd` becomes readable. Throws Error, or Stopped.
OpenedFile open_for_writing(const std::string& path, int interrupt_fd);

}  // namespace xdpcap
