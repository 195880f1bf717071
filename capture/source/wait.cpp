// SPDX-License-Identifier: BSD-3-Clause
#include "source/wait.hpp"

#include <poll.h>

#include <utility>

#include "base/tell.hpp"

namespace xdpcap {
namespace {

// A path that does not exist (yet) is not an error; any other failure to open it is.
std::optional<Hook> open_if_ready(const std::string& path) {
  auto hook = Hook::open_if_there(path);
  return hook && hook->has_owner() ? std::move(hook) : std::nullopt;
}

}  // namespace

std::optional<Hook> wait_for_hook(const std::string& path, int stop_fd) {
  // Without tracing, neither bpffs nor program loading can be watched; polling costs next to
  // nothing.
  constexpr int kLookEveryMilliseconds = 250;
  bool announced = false;
  for (;;) {
    if (auto hook = open_if_ready(path)) return hook;
    if (!std::exchange(announced, true)) {
      tell("waiting until a loaded XDP program uses a hook pinned at " + path + '\n');
    }
    pollfd stop{stop_fd, POLLIN, 0};
    if (::poll(&stop, 1, kLookEveryMilliseconds) > 0) return std::nullopt;
  }
}

}  // namespace xdpcap
