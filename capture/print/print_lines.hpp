// SPDX-License-Identifier: BSD-3-Clause
// The process that prints packets: tcpdump (or tshark) writes the lines, and this adds the action
// before and the comment after each. Its descriptor ChildProcess::kExtra is a PrintAccount.
#pragma once

#include <string_view>

namespace xdpcap {

// The executable, started with this as its only argument, is that process.
inline constexpr const char* kPrintLines = "--print-lines";

// Throws Error if neither program is installed.
void check_line_printer();

// Prints the capture that it reads from stdin. Throws Error.
void print_lines();

// Whether a line of tcpdump's begins a packet, with a time, rather than continues the one before.
bool begins_packet(std::string_view line);

}  // namespace xdpcap
