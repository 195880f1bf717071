// SPDX-License-Identifier: BSD-3-Clause
#include "session/setup.hpp"

#include <cstdint>

#include "base/error.hpp"
#include "process/memory_limit.hpp"

namespace xdpcap {
namespace {

// A hook has five slots, or some more for actions yet to come. Each costs a recorder.
constexpr std::uint32_t kMostSlots = 64;

}  // namespace

Hook open_hook(const std::string& path) {
  Hook hook = Hook::open(path);
  if (!hook.has_owner()) {
    throw Error("opening the hook " + path + ": no loaded XDP program uses it yet",
                "a recorder put in first would keep most programs out: load the program first, or "
                "use --wait");
  }
  return hook;
}

std::vector<XdpAction> wanted_actions(const Options& options, const Hook& hook) {
  std::vector<XdpAction> actions;
  if (!options.actions) {
    if (hook.slots() > kMostSlots) {
      throw Error("opening the hook " + hook.path() + ": it has " + std::to_string(hook.slots()) +
                      " slots, which no hook needs",
                  "say with -actions which to capture");
    }
    for (std::uint32_t slot = 0; slot < hook.slots(); ++slot) actions.emplace_back(slot);
    return actions;
  }
  for (const XdpAction action : *options.actions) {
    if (action.value() < hook.slots()) continue;
    throw UsageError("-actions: the hook " + hook.path() + " has " + std::to_string(hook.slots()) +
                         " slots, none for " + action.name(),
                     "leave it out, or give the hook more entries");
  }
  return *options.actions;
}

Rings make_rings(const Options& options, const Cpus& cpus) {
  const std::uint64_t bytes =
      options.ring_bytes.value_or(default_ring_bytes(memory_limit(), cpus.online.size()));
  return {cpus.online, cpus.possible, bytes};
}

}  // namespace xdpcap
