// SPDX-License-Identifier: BSD-3-Clause
// Prints packets as lines on stdout, in parallel with the capture.
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
#include "print/print_style.hpp"
#include "process/child_process.hpp"

namespace xdpcap {

// Printer passes blocks to another process, which prints them (print_lines.hpp). It never blocks:
// packets that arrive while that process is busy are not printed.
class Printer {
 public:
  // To be called after check_line_printer(). Throws Error.
  explicit Printer(const PrintStyle& style);

  // Takes whole blocks, with this many packets.
  void take(std::span<const iovec> blocks, std::uint64_t packets);
  // The same for a file, which can wait: takes all of them, or what it can until `stop_fd` becomes
  // readable. Returns false if nothing more is printed.
  bool take_all(std::span<const std::byte> blocks, std::uint64_t packets, int stop_fd);
  // Whether that process has ended before the capture, so that nothing more is printed.
  [[nodiscard]] bool has_ended() const;
  // Whether it ended because stdout's reader has closed it.
  [[nodiscard]] bool reader_gone() const { return account_.read().reader_gone != 0; }
  // Waits until everything is printed, or until `stop_fd` becomes readable. Returns a line about
  // the packets that were not; empty if there are none.
  std::string finish(int stop_fd);

 private:
  bool push_rest();
  [[nodiscard]] std::string report_unprinted(const char* why) const;

  UniqueFd pipe_;  // invalid: the process has closed it
  PrintAccount account_;
  std::optional<ChildProcess> process_;
  std::vector<std::byte> rest_;  // the part of the last blocks that did not fit into the pipe
  std::uint64_t all_ = 0;        // packets
  std::uint64_t too_fast_ = 0;   // of them: taken while the pipe was full
};

}  // namespace xdpcap
