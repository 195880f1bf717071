// SPDX-License-Identifier: BSD-3-Clause
// Signals, which interrupt nothing: they become readable on descriptors.
#pragma once

namespace xdpcap {

struct Signals {
  int stop_fd = -1;     // the capture is to end (SIGINT, SIGTERM, SIGHUP)
  int request_fd = -1;  // something is asked for while it goes on (SIGUSR1, SIGUSR2)
};

[[nodiscard]] bool stop_requested(int stop_fd);

// Takes note of it: from now on the descriptor is readable when the user asks again, because what
// is still to be done takes too long.
void take_stop(int stop_fd);

// Takes note of requests. Whether the counts are asked for (SIGUSR1).
[[nodiscard]] bool counts_requested(int request_fd);

}  // namespace xdpcap
