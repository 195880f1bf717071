// SPDX-License-Identifier: BSD-3-Clause
// The process that prints packets: tcpdump (or tshark) makes the lines, and this puts the action in
// front of each.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// The only argument of the executable when it is that process.
inline constexpr const char* kPrintLines = "--print-lines";

// Throws Error when neither program is installed.
void check_line_printer();

// Prints the capture that comes in on stdin until its end. Throws Error.
void print_lines();

// ActionQueue reads a pcapng stream piece by piece and notes the action of each packet, which is
// the name of its interface.
class ActionQueue {
 public:
  void read(std::span<const std::byte> bytes);
  // The action of the oldest packet that was not asked for yet; empty when there is none.
  std::string next();

 private:
  void read_block(std::span<const std::byte> block);

  std::vector<std::byte> begun_;  // of the block that is not there in full
  std::vector<std::string> interfaces_;
  std::deque<std::size_t> packets_;
};

// Whether a line of tcpdump's begins a packet: with a time. Others go on with the one before.
bool begins_packet(std::string_view line);

}  // namespace xdpcap
