// SPDX-License-Identifier: BSD-3-Clause
// A filter between classic BPF and eBPF: a graph of blocks over a few variables. The passes
// (passes.hpp, packet_guards.hpp) rewrite it, codegen.cpp turns it into instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "filter/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap::ir {

using ebpf::Alu;
using ebpf::Cond;

// Var is one of the 32-bit variables of a filter, or the cursor: a pointer into the packet.
enum class Var : std::uint8_t {
  a,
  x,
  m0,  // M[0] to M[15] follow one another
  cursor = m0 + kCbpfScratchWords,
};
constexpr Var scratch(std::uint32_t index) {
  return static_cast<Var>(static_cast<std::uint32_t>(Var::m0) + index);
}
inline constexpr std::size_t kVars = static_cast<std::size_t>(Var::cursor) + 1;

// VarSet is a set of variables.
class VarSet {
 public:
  constexpr VarSet() = default;
  constexpr VarSet(std::initializer_list<Var> vars) {
    for (const Var var : vars) bits_ |= bit(var);
  }
  [[nodiscard]] constexpr bool has(Var var) const { return (bits_ & bit(var)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  constexpr VarSet operator|(VarSet other) const { return VarSet(bits_ | other.bits_); }
  constexpr VarSet operator-(VarSet other) const { return VarSet(bits_ & ~other.bits_); }
  friend constexpr bool operator==(VarSet, VarSet) = default;

 private:
  constexpr explicit VarSet(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Var var) { return 1U << static_cast<unsigned>(var); }
  std::uint32_t bits_ = 0;
};

using Operand = std::variant<std::uint32_t, Var>;

// What an offset counts from: the packet's first byte, X bytes behind it, or where the cursor is.
enum class Base : std::uint8_t { packet, x, cursor };

// to = value
struct Constant {
  Var to;
  std::uint32_t value;
};
// to = from
struct Copy {
  Var to;
  Var from;
};
// to = length of the whole packet
struct Length {
  Var to;
};
// A = the `bytes` bytes at `offset`; a packet that is too short is rejected. With `discard` nothing
// wants the value, only the rejection. The offset may be negative from the cursor alone.
struct Load {
  Base base;
  std::int32_t offset;
  std::uint8_t bytes;          // 1, 2 or 4
  Var to = Var::a;             // A, or X for `msh`
  bool network_order = false;  // leave the bytes as they are in memory
  bool discard = false;

  // The first byte behind it.
  [[nodiscard]] std::uint32_t end() const { return static_cast<std::uint32_t>(offset + bytes); }
};
// to = to op operand, in 32 bits. A division is by something other than 0, a shift by less than 32.
struct Compute {
  Alu op;
  Var to;
  Operand operand;
};
// Rejects the packet unless it has `end` bytes behind `base` (packet or X). The pointer that shows
// it, the cursor in the case of X, is `reached` bytes behind the base already; with 0, it has to be
// made first. It is `end` bytes behind it afterwards.
struct Guard {
  Base base;
  std::uint32_t end;
  std::uint32_t reached;
  // With a fresh pointer: X may be so large that the verifier would not follow the pointer, and has
  // to be checked first.
  bool bound_x = false;
};
// Makes the verifier forget what it knows about the value of `var`.
struct Forget {
  Var var;
};

struct Op {
  std::variant<Constant, Copy, Length, Load, Compute, Guard, Forget> what;
  std::size_t source;  // position of the classic instruction that it comes from
};

// BlockId names a block of a Graph.
enum class BlockId : std::size_t {};
inline constexpr BlockId kMatch{0};
inline constexpr BlockId kNoMatch{1};

struct Jump {
  BlockId to;
};
// A jump backwards: one of kMaxBackwardJumps, after which the packet is rejected.
struct LoopBack {
  BlockId to;
};
struct Branch {
  Cond cond;
  Var left;
  Operand right;
  BlockId yes;
  BlockId no;
};
struct Leave {};  // of the two blocks kMatch and kNoMatch

struct Block {
  std::vector<Op> ops;
  std::variant<Jump, LoopBack, Branch, Leave> end = Leave{};
  std::size_t source = 0;  // of `end`
};

// The interpreter of libpcap 1.11 gives up after as many jumps backwards; that of 1.10 had no
// limit. The bound is what makes a loop verifiable.
inline constexpr std::uint32_t kMaxBackwardJumps = 64;

// The verifier follows no packet pointer further than this (MAX_PACKET_OFF in
// kernel/bpf/verifier.c), and bpf_xdp_load_bytes() takes no larger offset: a byte behind it cannot
// be read, which rejects.
inline constexpr std::uint32_t kMaxPacketOffset = 0xFFFF;

class Graph {
 public:
  Graph() : blocks_(2) {}

  BlockId add() {
    blocks_.emplace_back();
    return BlockId{blocks_.size() - 1};
  }
  Block& operator[](BlockId id) { return blocks_[static_cast<std::size_t>(id)]; }
  const Block& operator[](BlockId id) const { return blocks_[static_cast<std::size_t>(id)]; }
  // How many block ids there are, reachable or not.
  [[nodiscard]] std::size_t size() const { return blocks_.size(); }

  BlockId entry = kNoMatch;
  bool has_loops = false;  // some block ends in LoopBack

 private:
  std::vector<Block> blocks_;
};

// A vector from back to front, for a `for`.
template <class Value>
auto reversed(const std::vector<Value>& values) {
  struct Reversed {
    [[nodiscard]] auto begin() const { return values.rbegin(); }
    [[nodiscard]] auto end() const { return values.rend(); }
    const std::vector<Value>& values;
  };
  return Reversed{values};
}

// ByBlock is a value for each block of a graph.
template <class Value>
class ByBlock {
 public:
  explicit ByBlock(const Graph& graph, const Value& value = {}) : values_(graph.size(), value) {}
  auto&& operator[](BlockId id) { return values_[static_cast<std::size_t>(id)]; }
  auto&& operator[](BlockId id) const { return values_[static_cast<std::size_t>(id)]; }

 private:
  std::vector<Value> values_;
};

// Classic BPF to IR. `filter` has to be valid (cbpf.hpp). Divisions by X and shifts by X are taken
// apart, so that no operation is left that can fail or surprise; loads that can never succeed
// become rejections. The filter's packet starts behind the first `packet_start` bytes of the real
// one.
Graph lift(const CbpfProgram& filter, std::uint32_t packet_start);

// Successors is the blocks that a block can go on to: none to two, the `no` of a branch last.
class Successors {
 public:
  Successors() = default;
  explicit Successors(BlockId only) : blocks_{only, only}, count_(1) {}
  Successors(BlockId one, BlockId other) : blocks_{one, other}, count_(2) {}
  [[nodiscard]] const BlockId* begin() const { return blocks_.data(); }
  [[nodiscard]] const BlockId* end() const { return blocks_.data() + count_; }
  [[nodiscard]] std::size_t size() const { return count_; }
  BlockId operator[](std::size_t index) const { return blocks_[index]; }

 private:
  std::array<BlockId, 2> blocks_{};
  std::size_t count_ = 0;
};
Successors successors(const Block& block);
// Calls `change(BlockId&)` for each of them.
template <class Change>
void for_each_successor(Block& block, Change change) {
  if (auto* jump = std::get_if<Jump>(&block.end)) change(jump->to);
  if (auto* loop = std::get_if<LoopBack>(&block.end)) change(loop->to);
  if (auto* branch = std::get_if<Branch>(&block.end)) {
    change(branch->yes);
    change(branch->no);
  }
}

// The blocks that the entry leads to, each before its successors (loops aside), without kMatch and
// kNoMatch. Of a branch's two ways, the one that is cheaper to fall into comes right behind it
// where that is possible.
std::vector<BlockId> reverse_postorder(const Graph& graph);

// How many edges lead to each block, the entry's own included.
ByBlock<std::size_t> count_predecessors(const Graph& graph);

VarSet uses(const Op& op);
VarSet defines(const Op& op);
VarSet uses_at_end(const Block& block);

// The variables whose value is still wanted at the start of each block.
ByBlock<VarSet> live_at_start(const Graph& graph);
// ... and at the end of one.
VarSet live_at_end(const Block& block, const ByBlock<VarSet>& live_at_start);

}  // namespace xdpcap::ir
