// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "session/options.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Opens what is to be captured from; nothing has changed yet. With --wait, waits until it is there:
// then the list is empty when `stop_fd` becomes readable first. Throws Error.
Sources open_sources(const Options& options, int stop_fd);

}  // namespace xdpcap
