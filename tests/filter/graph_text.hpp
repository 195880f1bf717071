// SPDX-License-Identifier: BSD-3-Clause
// Small graphs for the tests of single passes: written by hand, compared as text.
#pragma once

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

#include "filter/ir.hpp"

namespace xdpcap::test {

// The operations of a block.
std::vector<ir::Op> ops(std::initializer_list<decltype(ir::Op::what)> what);

// A line for each block that the entry leads to, in the order of the code, which also numbers them:
//
//   0: A = u16[12]; if A == 0x800 then 1 else no_match
//   1: need 24; A = u8[23]; go to match
//
// Loads are u8, u16 and u32, with "raw" in front where the bytes stay as they are in memory, and
// with "skip" instead of the variable where only the length matters.
std::string to_text(const ir::Graph& graph);

}  // namespace xdpcap::test
