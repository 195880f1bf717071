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
#include "print/print_account.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// Printer hands blocks to a process of its own, which prints them (print_lines.hpp). It never
// waits: what that process cannot take yet is not printed.
class Printer {
 public:
  // check_line_printer() has found a program that makes packets readable. Throws Error.
  Printer();

  // Takes whole blocks, with so many packets.
  void take(std::span<const iovec> blocks, std::uint64_t packets);
  // Whether that process has ended before the capture: no more is printed. Why: reader_gone().
  [[nodiscard]] bool has_ended() const;
  // Whether it ended because nobody reads what it prints any more.
  [[nodiscard]] bool reader_gone() const { return account_.read().reader_gone != 0; }
  // Waits until everything is printed, or until `stop_fd` becomes readable. Returns a line about
  // what was not; empty when all was.
  std::string finish(int stop_fd);

 private:
  bool push_rest();
  [[nodiscard]] std::string what_was_not_printed(const char* why) const;

  UniqueFd pipe_;  // invalid: nobody reads any more
  PrintAccount account_;
  std::optional<ChildProcess> process_;
  std::vector<std::byte> rest_;  // of the last blocks, for which the pipe had no room
  std::uint64_t all_ = 0;        // packets
  std::uint64_t too_fast_ = 0;   // of them: while the pipe was full
};

}  // namespace xdpcap
