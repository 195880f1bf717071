// SPDX-License-Identifier: BSD-3-Clause
#include "process/signals.hpp"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace xdpcap {

bool stop_requested(int stop_fd) {
  pollfd stop{stop_fd, POLLIN, 0};
  return ::poll(&stop, 1, 0) > 0 && (stop.revents & POLLIN) != 0;
}

void take_stop(int stop_fd) {
  std::array<char, 4096> signals{};  // signalfd(2)
  while (stop_requested(stop_fd)) {
    if (::read(stop_fd, signals.data(), signals.size()) <= 0) return;
  }
}

Requests take_requests(int request_fd) {
  Requests requests;
  signalfd_siginfo signal{};
  while (stop_requested(request_fd) &&
         ::read(request_fd, &signal, sizeof(signal)) == sizeof(signal)) {
    (signal.ssi_signo == SIGUSR1 ? requests.counts : requests.write) = true;
  }
  return requests;
}

}  // namespace xdpcap
