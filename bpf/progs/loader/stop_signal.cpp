// SPDX-License-Identifier: BSD-3-Clause
#include "loader/stop_signal.hpp"

#include <sys/signalfd.h>

#include <cerrno>
#include <csignal>

#include "base/error.hpp"

namespace xdpcap::loader {

StopSignal::StopSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGALRM, SIGUSR1, SIGUSR2}) {
    sigaddset(&signals, signal);
  }
  // Blocked, they are read from the descriptor instead of terminating the process.
  if (const int failed = pthread_sigmask(SIG_BLOCK, &signals, nullptr)) {
    throw system_error("blocking signals", failed);
  }
  fd_.reset(signalfd(-1, &signals, SFD_CLOEXEC));
  if (!fd_.valid()) throw system_error("making a descriptor for signals", errno);
}

}  // namespace xdpcap::loader
