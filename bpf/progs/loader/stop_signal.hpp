// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// StopSignal turns the signals that end a program into a readable descriptor, so that it detaches
// and unpins before it exits: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE (the reader of the output
// has gone), SIGALRM, SIGUSR1 and SIGUSR2. Create it before any thread.
class StopSignal {
 public:
  StopSignal();  // throws Error
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace xdpcap::loader
