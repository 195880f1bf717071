// SPDX-License-Identifier: BSD-3-Clause
#pragma once

namespace xdpcap::bench {

// From now on SIGINT, SIGTERM and SIGHUP do not end the process, so that the lab is taken down.
void catch_stop_signals();
// Whether one of them came.
bool stopped();
// Throws Error if one came.
void throw_if_stopped();

}  // namespace xdpcap::bench
