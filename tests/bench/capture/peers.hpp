// SPDX-License-Identifier: BSD-3-Clause
// The tools that are measured alternately with xdpcap-cpp.
#pragma once

#include <optional>
#include <string>

#include "bench/capture/tool.hpp"

namespace xdpcap::bench {

// From `text`, which is NAME=COMMAND or, for captures to a disk, stenotype, tcpdump or xdpcap. A
// tool that reads the interface has `without_hook` there. Nothing, after a line on stderr, if such
// a program is not installed. Throws UsageError.
std::optional<Tool> make_peer(const std::string& text, Receiver without_hook, bool to_disk);

}  // namespace xdpcap::bench
