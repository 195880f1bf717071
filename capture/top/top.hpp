// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "process/signals.hpp"
#include "session/options.hpp"

namespace xdpcap {

// Shows a live view of the counts of the sources that `options` name, or of all of this host, until
// stopped. Throws Error.
void run_top(const Options& options, const Signals& signals);

}  // namespace xdpcap
