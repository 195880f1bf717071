// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "process/privileges.hpp"
#include "session/recording.hpp"

namespace xdpcap {

// In the guardian, once the capture was killed and no recorder runs any more: goes on exactly where
// it stopped, and completes the file, as `user` if the capture ran as that. Throws Error.
void rescue(Recording& recording, const std::optional<User>& user);

}  // namespace xdpcap
