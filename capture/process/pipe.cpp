// SPDX-License-Identifier: BSD-3-Clause
#include "process/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/error.hpp"

namespace xdpcap {

Pipe make_pipe(bool writer_waits) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
  constexpr int kBytes = 1 << 20;
  ::fcntl(ends[1], F_SETPIPE_SZ, kBytes);
  if (!writer_waits) ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

}  // namespace xdpcap
