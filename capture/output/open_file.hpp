// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "base/unique_fd.hpp"

namespace xdpcap {

struct OpenedFile {
  UniqueFd fd;
  bool created = false;  // it did not exist before
  bool named = true;     // false: name_file() has to give it its name yet
};

// Opens the file, FIFO or device `path` for writing, or makes a file (0600, less the umask), which
// has no name before it is begun: whoever is killed until then leaves nothing. In folders that
// everybody may write to and only owners may delete from (/tmp), nothing is opened that somebody
// else may have put there for us: neither a symbolic link nor a file of another user. This is what
// the sysctls fs.protected_symlinks, _regular and _fifos do (Linux 3.6 and 4.19), which are off on
// many machines. A FIFO is waited for until somebody reads it, or until `interrupt_fd` becomes
// readable. Throws Error, or Stopped.
OpenedFile open_for_writing(const std::string& path, int interrupt_fd);

// Gives a file that has none its name; it is no error that it has it already. Throws Error.
void name_file(int fd, const std::string& path);

}  // namespace xdpcap
