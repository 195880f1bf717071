// SPDX-License-Identifier: BSD-3-Clause
// Small graphs for the tests of single passes: written by hand, compared as text.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "filter/ir.hpp"

namespace xdpcap::test {

// The operations of a block.
std::vector<ir::Op> ops(std::initializer_list<decltype(ir::Op::what)> what);

// Into A.
inline constexpr ir::Load kByte{.base = ir::Base::packet, .offset = 12, .bytes = 1};
inline constexpr ir::Load kHalf{.base = ir::Base::packet, .offset = 12, .bytes = 2};

// A block's end: the packet matches when A has this value.
constexpr ir::Branch match_if(std::uint32_t value) {
  return {ir::Cond::eq, ir::Var::a, value, ir::kMatch, ir::kNoMatch};
}

// New blocks of a graph, of which the first becomes the entry.
template <std::size_t kCount>
std::array<ir::BlockId, kCount> add_blocks(ir::Graph& graph) {
  std::array<ir::BlockId, kCount> blocks{};
  for (ir::BlockId& block : blocks) block = graph.add();
  graph.entry = blocks.front();
  return blocks;
}

inline ir::Graph one_block(ir::Block block) {
  ir::Graph graph;
  graph.entry = graph.add();
  graph[graph.entry] = std::move(block);
  return graph;
}

// A line for each block that the entry leads to, in the order of the code, which also numbers them:
//
//   0: A = u16[12]; if A == 0x800 then 1 else no_match
//   1: need 24; A = u8[23]; go to match
//
// Loads are u8, u16 and u32, with "raw" in front where the bytes stay as they are in memory, and
// with "skip" instead of the variable where only the length matters.
std::string to_text(const ir::Graph& graph);

}  // namespace xdpcap::test
