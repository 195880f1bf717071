// SPDX-License-Identifier: BSD-3-Clause
#include "loader/hook_pin.hpp"

#include <fcntl.h>
#include <xdpcap_hook.h>

#include <utility>

#include "base/error.hpp"

namespace xdpcap::loader {

HookPin::HookPin(int hook_fd, std::string path)
    : hook_(fcntl(hook_fd, F_DUPFD_CLOEXEC, 0)), path_(std::move(path)) {
  xdpcap_hook_error error{};
  if (xdpcap_hook_pin(hook_.get(), path_.c_str(), 0, &error) != 0) {
    throw Error(error.message, error.hint);
  }
}

HookPin::~HookPin() {
  // A pin of another hook is left alone. A destructor cannot report errors.
  if (hook_.valid()) xdpcap_hook_unpin(hook_.get(), path_.c_str(), nullptr);
}

}  // namespace xdpcap::loader
