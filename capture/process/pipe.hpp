// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"

namespace xdpcap {

// Pipe is a pipe to a child process.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// A pipe as large as an unprivileged user's may be. `writer_waits`: write() blocks while it is
// full, instead of failing with EAGAIN. Throws Error.
Pipe make_pipe(bool writer_waits);

}  // namespace xdpcap
