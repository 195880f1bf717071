// SPDX-License-Identifier: BSD-3-Clause
// The descriptor that becomes readable when the user wants the capture to end.
#pragma once

namespace xdpcap {

[[nodiscard]] bool stop_requested(int stop_fd);

// Takes note of it: from now on the descriptor is readable when the user asks again, because what
// is still to be done takes too long.
void take_stop(int stop_fd);

}  // namespace xdpcap
