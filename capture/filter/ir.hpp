// SPDX-License-Identifier: BSD-3-Clause
// The intermediate representation between classic BPF and eBPF: a control-flow graph of blocks over
// a few variables. The passes (passes.hpp) rewrite it; the emitters (emitters.hpp) turn it into
// instructions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap::ir {

using ebpf::Alu;
using ebpf::Cond;

// Var is one of the 32-bit variables of a filter, or the cursor: a pointer into the packet.
enum class Var : std::uint8_t {
  a,
  x,
  m0,  // M[0] to M[15] are consecutive
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

// What an offset is relative to: the packet's first byte, X bytes after it, or the cursor.
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
// to = the `bytes` bytes at `offset`; a packet that is too short is rejected. With `discard` only
// the rejection matters, not the value. The offset may be negative only if relative to the cursor.
struct Load {
  Base base;
  std::int32_t offset;
  std::uint8_t bytes;          // 1, 2 or 4
  Var to = Var::a;             // A, or X for `msh`
  bool network_order = false;  // leave the bytes as they are in memory
  bool discard = false;

  // The first byte after it.
  [[nodiscard]] std::uint32_t end() const { return static_cast<std::uint32_t>(offset + bytes); }
};
// to = to op operand, in 32 bits. A divisor is never 0, a shift count always less than 32.
struct Compute {
  Alu op;
  Var to;
  Operand operand;
};
// Rejects the packet unless it has `end` bytes after `base` (packet or X). Before, the guard's
// pointer (for X: the cursor) is `reached` bytes past the base (0: not computed yet); afterwards,
// `end` bytes.
struct Guard {
  Base base;
  std::uint32_t end;
  std::uint32_t reached;
  // With a fresh pointer: X may be too large for the verifier to track the pointer, so X has to be
  // checked first.
  bool bound_x = false;
  std::uint32_t most_x = 0;  // with base X: no larger X passes the guard
};
// Makes the verifier lose what it knows about the value of `var`, by a store and a load that it
// does not track.
struct Scrub {
  Var var;
};

struct Op {
  std::variant<Constant, Copy, Length, Load, Compute, Guard, Scrub> what;
  std::size_t source;  // position of the classic instruction that it comes from
};

// BlockId names a block of a Graph.
enum class BlockId : std::size_t {};
inline constexpr BlockId kMatch{0};
inline constexpr BlockId kNoMatch{1};

struct Jump {
  BlockId to;
};
// A backward jump. After kMaxBackwardJumps of them the packet is rejected.
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
struct Leave {};  // ends the blocks kMatch and kNoMatch

struct Block {
  std::vector<Op> ops;
  std::variant<Jump, LoopBack, Branch, Leave> end = Leave{};
  std::size_t source = 0;  // of `end`
};

// The limit of libpcap 1.11's interpreter; that of 1.10 had none. The verifier needs a bound to
// accept a loop.
inline constexpr std::uint32_t kMaxBackwardJumps = 64;

// The verifier tracks no packet pointer past this (MAX_PACKET_OFF in kernel/bpf/verifier.c), and
// bpf_xdp_load_bytes() accepts no larger offset. A load of a byte past it rejects the packet.
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
  // The number of block ids, reachable or not.
  [[nodiscard]] std::size_t size() const { return blocks_.size(); }

  BlockId entry = kNoMatch;
  bool has_loops = false;  // some block ends in LoopBack

 private:
  std::vector<Block> blocks_;
};

// A reversed view of a vector.
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

// Classic BPF to IR. `filter` must be valid (cbpf.hpp). Divisions and shifts by X are expanded, so
// that every remaining operation is defined for all operands; loads that can never succeed become
// rejections. The filter sees the packet without its first `packet_start` bytes.
Graph lift(const CbpfProgram& filter, std::uint32_t packet_start);

// Successors is the blocks that may follow a block: none to two, the `no` of a branch last.
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

// The reachable blocks, each before its successors (back edges aside), without kMatch and kNoMatch.
// Of a branch's two successors, the one that is cheaper as a fall-through comes right after it if
// possible.
std::vector<BlockId> reverse_postorder(const Graph& graph);

// The number of edges to each block, with an extra one to the entry.
ByBlock<std::size_t> count_predecessors(const Graph& graph);

VarSet uses(const Op& op);
VarSet defines(const Op& op);
VarSet uses_at_end(const Block& block);

// The variables that are live at the start of each block.
ByBlock<VarSet> live_at_start(const Graph& graph);
// ... and at the end of one.
VarSet live_at_end(const Block& block, const ByBlock<VarSet>& live_at_start);

}  // namespace xdpcap::ir
