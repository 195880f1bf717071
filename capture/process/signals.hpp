// SPDX-License-Identifier: BSD-3-Clause
// Signals as readable descriptors (signalfd(2)), so that they interrupt nothing.
#pragma once

namespace xdpcap {

struct Signals {
  int stop_fd = -1;     // ends the capture (SIGINT, SIGTERM, SIGHUP)
  int request_fd = -1;  // requests while it runs (SIGUSR1, SIGUSR2)
};

[[nodiscard]] bool stop_requested(int stop_fd);

// Consumes the signal, so that the descriptor becomes readable again only when the user sends
// another one because ending takes too long.
void take_stop(int stop_fd);

struct Requests {
  bool counts = false;  // SIGUSR1
  bool write = false;   // SIGUSR2
};

// Consumes requests.
[[nodiscard]] Requests take_requests(int request_fd);

}  // namespace xdpcap
