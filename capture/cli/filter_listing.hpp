// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "session/options.hpp"

namespace xdpcap {

// The lines that -d, -dd, -ddd and --dump-ebpf print of the filter in `options`; with -r of one for
// the file's packets. Throws Error.
std::string list_filter(const Options& options, FilterListing listing);

}  // namespace xdpcap
