// SPDX-License-Identifier: BSD-3-Clause
#include "base/tell.hpp"

#include <poll.h>
#include <unistd.h>

#include <climits>
#include <cstddef>

namespace xdpcap {

void tell(std::string_view text, int milliseconds, int fd) {
  while (!text.empty()) {
    pollfd reader{fd, POLLOUT, 0};
    if (::poll(&reader, 1, milliseconds) != 1 || (reader.revents & POLLOUT) == 0) return;
    // A pipe that polls as writable has room for PIPE_BUF bytes.
    const ssize_t count = ::write(fd, text.data(), text.substr(0, std::size_t{PIPE_BUF}).size());
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace xdpcap
