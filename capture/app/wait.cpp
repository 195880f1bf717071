// SPDX-License-Identifier: BSD-3-Clause
#include "app/wait.hpp"

#include <poll.h>

#include <utility>

#include "app/tell.hpp"
#include "kernel/hook.hpp"

namespace xdpcap {
namespace {

// A path that does not exist yet, or any more, is no error; anything else that keeps it from being
// opened is.
bool is_ready(const std::string& path) {
  const auto hook = Hook::open_if_there(path);
  return hook && hook->has_owner();
}

}  // namespace

bool wait_for_hook(const std::string& path, int stop_fd) {
  // Neither bpffs nor program loading can be watched without tracing; four looks a second are free.
  constexpr int kLookEveryMilliseconds = 250;
  bool told = false;
  while (!is_ready(path)) {
    if (!std::exchange(told, true)) {
      tell("waiting until a loaded XDP program uses a hook pinned at " + path + '\n');
    }
    pollfd stop{stop_fd, POLLIN, 0};
    if (::poll(&stop, 1, kLookEveryMilliseconds) > 0) return false;
  }
  return true;
}

}  // namespace xdpcap
