// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"

namespace xdpcap {

// Pipe is one between us and another process that is to be started.
struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// A pipe that holds as much as an ordinary user's may. `writer_waits`: while it is full; else its
// write() says EAGAIN. Throws Error.
Pipe make_pipe(bool writer_waits);

}  // namespace xdpcap
