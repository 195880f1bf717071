// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"
#include "output/file_location.hpp"

namespace xdpcap {

struct OpenedFile {
  UniqueFd fd;
  bool created = false;  // it did not exist before
  bool named = true;     // false: name_file() has to give it its name yet
};

// Opens the file, FIFO or device there for writing, or makes a file (0600, less the umask), which
// has no name before it is begun: whoever is killed until then leaves nothing. In folders that
// everybody may write to and only owners may delete from (/tmp), nothing is opened that somebody
// else may have put there for us: neither a symbolic or hard link nor a file of another user. This
// is what the sysctls fs.protected_symlinks, _hardlinks, _regular and _fifos do (Linux 3.6 and
// 4.19), which are off on many machines. A FIFO is waited for until somebody reads it, or until
// `interrupt_fd` becomes readable. Throws Error, or Stopped.
OpenedFile open_for_writing(const FileLocation& location, int interrupt_fd);

// Makes a file that is to take this name later. Where the file system knows no files without a name
// (NFS, for one) it has a temporary one, in `temporary`. Throws Error.
OpenedFile stage_file(const FileLocation& location, FileLocation& temporary);

// Gives a file that has none its name; it is no error that it has it already. Throws Error.
void name_file(int fd, const FileLocation& location);

// The same with a temporary name in the folder, which nobody can foresee. Throws Error.
FileLocation name_temporarily(int fd, const FileLocation& location);

// A temporary name of the file, if it has one in that folder: that of a process that was killed.
FileLocation find_temporary(const FileLocation& location, FileId file);

}  // namespace xdpcap
