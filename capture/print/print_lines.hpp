// SPDX-License-Identifier: BSD-3-Clause
// The process that prints packets: tcpdump (or tshark) writes the lines, and this adds the action
// before and the comment after each. Its descriptor ChildProcess::kExtra is a PrintAccount.
#pragma once

#include "print/print_style.hpp"

namespace xdpcap {

// The executable, started with this as its first argument and a style's arguments after it, is that
// process.
inline constexpr const char* kPrintLines = "--print-lines";

// Throws Error if no program is installed that prints in this style.
void check_line_printer(const PrintStyle& style);

// Prints the capture that it reads from stdin. Throws Error.
void print_lines(const PrintStyle& style);

}  // namespace xdpcap
