// SPDX-License-Identifier: BSD-3-Clause
// Messages that must not block the capture.
#pragma once

#include <unistd.h>

#include <functional>
#include <string_view>

namespace xdpcap {

// How long a reader that has stalled may delay the end of a stopped capture.
inline constexpr int kLastTimeoutMilliseconds = 2000;

// Writes to stderr, or to `fd`. A stopped terminal (^S) or a pipe that is not read would block the
// capture, so text that cannot be written within `milliseconds` is dropped.
void tell(std::string_view text, int milliseconds = 0, int fd = STDERR_FILENO);

// From now on, text for stderr goes to `take` instead; to stderr again if that is empty. Not in
// processes that are forked later. To be called while no other thread tells anything.
void tell_elsewhere(std::function<void(std::string_view)> take);

}  // namespace xdpcap
