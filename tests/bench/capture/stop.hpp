// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xdpcap::bench {

// From now on SIGINT, SIGTERM and SIGHUP do not end the process, so that the lab is removed.
void catch_stop_signals();
// Whether one of them has arrived.
bool stopped();
// Throws Error if one has arrived.
void throw_if_stopped();

}  // namespace xdpcap::bench
