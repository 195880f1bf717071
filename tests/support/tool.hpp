// SPDX-License-Identifier: BSD-3-Clause
// Running the executable.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/process.hpp"

namespace xdpcap::test {

// Its command line.
std::vector<std::string> tool(std::vector<std::string> arguments);

// Waits until a capture into `path` is live: the file's header is written right after the hook was
// filled. False when the process ended instead.
bool wait_until_live(const Process& process, const std::string& path);

// Waits until signals no longer end it but are read.
bool wait_until_stoppable(const Process& process);

// The numbers of the summary at the end.
struct Summary {
  std::uint64_t captured = 0;
  std::uint64_t matched = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t left_out = 0;  // not selected
};
Summary parse_summary(const std::string& err);

}  // namespace xdpcap::test
