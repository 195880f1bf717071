// SPDX-License-Identifier: BSD-3-Clause
#include "session/setup.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "source/hook.hpp"
#include "source/hook_source.hpp"
#include "source/wait.hpp"

namespace xdpcap {
namespace {

// A hook that a loaded program uses.
Hook open_hook(const std::string& path) {
  Hook hook = Hook::open(path);
  if (!hook.has_owner()) {
    throw Error("opening the hook " + path + ": no loaded XDP program uses it yet",
                "a recorder put in first would keep most programs out: load the program first, or "
                "use --wait");
  }
  return hook;
}

}  // namespace

Sources open_sources(const Options& options, int stop_fd) {
  std::optional<Hook> hook =
      options.wait ? wait_for_hook(options.hook, stop_fd) : open_hook(options.hook);
  Sources sources;
  if (!hook) return sources;
  std::vector<XdpAction> actions = captured_actions(*hook, options.actions);
  sources.push_back(std::make_unique<HookSource>(
      std::move(*hook),
      HookSource::Plan{
          .actions = std::move(actions), .replace = options.replace, .follow = options.follow}));
  return sources;
}

}  // namespace xdpcap
