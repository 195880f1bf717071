// SPDX-License-Identifier: BSD-3-Clause
// What the user gets to hear.
#pragma once

#include <unistd.h>

#include <string_view>

namespace xdpcap {

// How long a reader that takes nothing may keep a stopped capture from ending.
inline constexpr int kLastTimeoutMilliseconds = 2000;

// Writes to stderr, or to `fd`. A terminal that is stopped (^S) or a pipe that nobody reads would
// block, and the capture with it: what it does not take within `milliseconds` is not said.
void tell(std::string_view text, int milliseconds = 0, int fd = STDERR_FILENO);

}  // namespace xdpcap
