// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <optional>

#include "process/privileges.hpp"
#include "session/recording.hpp"

namespace xdpcap {

// Called in the guardian after the capture was killed, once no recorder runs any more: continues
// exactly where it stopped, and completes the file, as `user` if the capture ran as that user.
// False if there is nothing to do: it had not begun, had ended, or another guardian does it. Throws
// Error.
bool rescue(Recording& recording, const std::optional<User>& user);

}  // namespace xdpcap
