// SPDX-License-Identifier: BSD-3-Clause
// Packets as lines on stdout, beside the capture.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "output/child_process.hpp"

namespace xdpcap {

// Printer hands blocks to a process of its own, which prints them (print_lines.hpp). It never
// waits: what that process cannot take yet is not printed.
class Printer {
 public:
  // check_line_printer() has found a program that makes packets readable. Throws Error.
  Printer();

  // Takes whole blocks, with so many packets.
  void take(std::span<const iovec> blocks, std::uint64_t packets);
  // Waits until everything is printed, or until `stop_fd` becomes readable. Returns a line about
  // what was not; empty when all was.
  std::string finish(int stop_fd);

 private:
  bool push_rest();

  UniqueFd pipe_;  // invalid: nobody reads any more
  std::optional<ChildProcess> process_;
  std::vector<std::byte> rest_;  // of the last blocks, for which the pipe had no room
  std::uint64_t skipped_ = 0;
};

}  // namespace xdpcap
