// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>
#include <string>

#include "source/hook.hpp"

namespace xdpcap {

// Waits until a hook is pinned at `path` and a loaded XDP program uses it. Nothing when
// `stop_fd` became readable first. Throws Error when what is pinned there can never be a hook.
std::optional<Hook> wait_for_hook(const std::string& path, int stop_fd);

}  // namespace xdpcap
