// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "session/options.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Opens the sources of a capture, without changing them. With --wait, waits until they exist; the
// list is empty if `stop_fd` becomes readable first. Throws Error.
Sources open_sources(const Options& options, int stop_fd);

}  // namespace xdpcap
