// SPDX-License-Identifier: BSD-3-Clause
// The process that prints packets: tcpdump (or tshark) makes the lines, and this puts the action in
// front of each and its comment after it. Its descriptor ChildProcess::kExtra is a PrintAccount.
#pragma once

#include <string_view>

namespace xdpcap {

// The only argument of the executable when it is that process.
inline constexpr const char* kPrintLines = "--print-lines";

// Throws Error when neither program is installed.
void check_line_printer();

// Prints the capture that comes in on stdin until its end. Throws Error.
void print_lines();

// Whether a line of tcpdump's begins a packet: with a time. Others go on with the one before.
bool begins_packet(std::string_view line);

}  // namespace xdpcap
