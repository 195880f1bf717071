// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"
#include "output/file_location.hpp"

namespace xdpcap {

struct OpenedFile {
  UniqueFd fd;
  bool created = false;  // it did not exist before
  bool named = true;     // false: it gets its name from name_file()
};

// Opens the file, FIFO or device there for writing, or creates a file (0600, less the umask), which
// has no name until it is begun, so that a process killed before that leaves nothing. In
// world-writable sticky folders (/tmp) it refuses what another user may have planted: symbolic and
// hard links, and files of other users. The sysctls fs.protected_symlinks, _hardlinks, _regular and
// _fifos do that, too (Linux 3.6 and 4.19), but are off on many machines. For a FIFO it waits until
// there is a reader, or until `interrupt_fd` becomes readable. Throws Error, or Stopped.
OpenedFile open_for_writing(const FileLocation& location, int interrupt_fd);

// Creates a file that is to get this name later. If the file system does not support files without
// a name (NFS, for one), it has a temporary name, in `temporary`. Throws Error.
OpenedFile stage_file(const FileLocation& location, FileLocation& temporary);

// Gives a file its name, unless it has one already. Throws Error.
void name_file(int fd, const FileLocation& location);

// Gives it an unpredictable temporary name in the folder. Throws Error.
FileLocation name_temporarily(int fd, const FileLocation& location);

// The temporary name of the file, if a killed process left one in that folder.
FileLocation find_temporary(const FileLocation& location, FileId file);

// Opens stdout. Pipes must be non-blocking, so that a stalled reader cannot keep the capture from
// emptying the hook; the flag belongs to the open file, which other processes share, so it is
// opened anew. Throws Error.
UniqueFd open_stdout();

}  // namespace xdpcap
