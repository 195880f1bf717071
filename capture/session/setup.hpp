// SPDX-License-Identifier: BSD-3-Clause
// What a session is made of, before anything has changed.
#pragma once

#include <string>
#include <vector>

#include "base/xdp_action.hpp"
#include "process/cpus.hpp"
#include "ring/rings.hpp"
#include "session/options.hpp"
#include "source/hook.hpp"

namespace xdpcap {

// A hook that a loaded program uses. Throws Error.
Hook open_hook(const std::string& path);

// The actions to capture: those that were asked for, or all that the hook has slots for. Throws
// Error, also when there are very many.
std::vector<XdpAction> wanted_actions(const Options& options, const Hook& hook);

// A ring for each CPU that is online, of the size that was asked for or one that suits the machine.
// Throws Error.
Rings make_rings(const Options& options, const Cpus& cpus);

}  // namespace xdpcap
