// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "base/unique_fd.hpp"

namespace xdpcap::loader {

// StopSignal turns the signals that end a program into a readable descriptor, so that it detaches
// and unpins on its way out: SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE (whoever read our output has
// gone), SIGALRM, SIGUSR1 and SIGUSR2. Make it before any thread.
class StopSignal {
 public:
  StopSignal();  // throws Error
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

}  // namespace xdpcap::loader
