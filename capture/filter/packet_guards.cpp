// SPDX-License-Identifier: BSD-3-Clause
// guard_packet(): which bounds checks, and where.
//
// It combines two analyses. Backwards: how many bytes after the packet's start, and after X, must
// every packet have to match? A packet with fewer may be rejected immediately. Forwards: how many
// bytes are proven to be there, and where are the two pointers that proved it? Where more bytes are
// needed than proven, a guard is inserted.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "filter/dataflow.hpp"
#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

constexpr std::uint32_t kUnknown = 0xFFFFFFFF;

// Need is how many bytes a packet must have to match; kUnknown where it cannot match.
struct Need {
  std::uint32_t packet = kUnknown;
  std::uint32_t past_x = kUnknown;

  friend bool operator==(const Need&, const Need&) = default;
};

Need need_before(const Op& op, Need after) {
  if (defines(op).has(Var::x)) after.past_x = 0;
  if (const auto* load = std::get_if<Load>(&op.what)) {
    std::uint32_t& need = load->base == Base::x ? after.past_x : after.packet;
    need = std::max(need, load->end());
  }
  return after;
}

Need need_at_end(const Block& block, const ByBlock<Need>& at_start) {
  Need need;
  for (const BlockId next : successors(block)) {
    need.packet = std::min(need.packet, at_start[next].packet);
    need.past_x = std::min(need.past_x, at_start[next].past_x);
  }
  return need;
}

ByBlock<Need> needs_at_start(const Graph& graph) {
  ByBlock<Need> at_exits(graph);
  at_exits[kMatch] = {0, 0};
  return solve_backwards(graph, std::move(at_exits),
                         [](const Block& block, const ByBlock<Need>& needs) {
                           Need need = need_at_end(block, needs);
                           for (const Op& op : reversed(block.ops)) need = need_before(op, need);
                           return need;
                         });
}

// Limits is the verifier's upper bound for A and X, in Linux 5.10. The real verifier may know a
// tighter bound, never a looser one. It knows nothing about a byte-swapped value.
struct Limits {
  std::uint32_t a = 0;
  std::uint32_t x = 0;

  friend bool operator==(const Limits&, const Limits&) = default;
};

std::uint32_t limit_of(const Compute& compute, std::uint32_t left, const Limits& limits) {
  const auto* constant = std::get_if<std::uint32_t>(&compute.operand);
  const std::uint32_t right = constant != nullptr ? *constant : limits.x;
  switch (compute.op) {
    case Alu::bit_and:
      return constant != nullptr ? std::min(left, right) : left;
    case Alu::add: {
      const std::uint64_t sum = std::uint64_t{left} + right;
      return sum < kUnknown ? static_cast<std::uint32_t>(sum) : kUnknown;
    }
    case Alu::lsh:
      if (constant == nullptr || left > (kUnknown >> right)) return kUnknown;
      return left << right;
    case Alu::rsh:
      return constant != nullptr && left != kUnknown ? left >> right : kUnknown;
    default:
      return kUnknown;
  }
}

void step(const Op& op, Limits& limits) {
  const auto slot = [&](Var var) -> std::uint32_t* {
    return var == Var::a ? &limits.a : var == Var::x ? &limits.x : nullptr;
  };
  if (const auto* constant = std::get_if<Constant>(&op.what)) {
    if (auto* to = slot(constant->to)) *to = constant->value;
  } else if (const auto* copy = std::get_if<Copy>(&op.what)) {
    const std::uint32_t* from = slot(copy->from);
    if (auto* to = slot(copy->to)) *to = from != nullptr ? *from : kUnknown;
  } else if (const auto* load = std::get_if<Load>(&op.what)) {
    auto* to = slot(load->to);
    if (!load->discard) *to = load->bytes == 1 ? 0xFF : kUnknown;
  } else if (const auto* compute = std::get_if<Compute>(&op.what)) {
    auto* to = slot(compute->to);
    *to = limit_of(*compute, *to, limits);
  } else if (const auto* length = std::get_if<Length>(&op.what)) {
    if (auto* to = slot(length->to)) *to = kUnknown;
  } else if (const auto* scrub = std::get_if<Scrub>(&op.what)) {
    if (auto* to = slot(scrub->var)) *to = kUnknown;
  }
}

// State is what has been proven on every path to a point.
struct State {
  bool seen = false;
  std::uint32_t proven = 0;        // the packet has at least this many bytes
  std::uint32_t pointer = 0;       // the guard's pointer is this far past the start; 0: unknown
  std::uint32_t cursor = 0;        // the cursor is this far past X; 0: unknown
  std::uint32_t cursor_limit = 0;  // the verifier's upper bound for the X in the cursor
  Limits limits;

  friend bool operator==(const State&, const State&) = default;
};

// The lattice's meet. A pointer that differs between paths is lost.
void meet(State& state, const State& other) {
  if (!state.seen) {
    state = other;
    state.seen = true;
    return;
  }
  state.proven = std::min(state.proven, other.proven);
  if (state.pointer != other.pointer) state.pointer = 0;
  if (state.cursor != other.cursor) state.cursor = 0;
  state.cursor_limit = std::max(state.cursor_limit, other.cursor_limit);
  state.limits.a = std::max(state.limits.a, other.limits.a);
  state.limits.x = std::max(state.limits.x, other.limits.x);
}

class Guards {
 public:
  explicit Guards(Graph& graph)
      : graph_(graph),
        order_(reverse_postorder(graph)),
        needs_(needs_at_start(graph)),
        states_(graph) {}

  void insert() {
    analyse();
    for (const BlockId id : order_) graph_[id].ops = guarded(id).ops;
  }

 private:
  struct Guarded {
    std::vector<Op> ops;
    State after;
  };

  void analyse() {
    states_[graph_.entry].seen = true;
    visit_until_stable(graph_, order_, [this](BlockId id, int round) {
      const State after = guarded(id).after;
      bool changed = false;
      for (const BlockId next : successors(graph_[id])) {
        const State before = states_[next];
        meet(states_[next], after);
        if (round > 1) widen(states_[next], before);
        changed = changed || states_[next] != before;
      }
      return changed;
    });
  }

  // Without widening, a limit that grows in a loop would grow in each round.
  static void widen(State& state, const State& before) {
    if (state.limits.a != before.limits.a) state.limits.a = kUnknown;
    if (state.limits.x != before.limits.x) state.limits.x = kUnknown;
    if (state.cursor_limit != before.cursor_limit) state.cursor_limit = kUnknown;
  }

  // The block's operations with guards inserted, and the state after them.
  Guarded guarded(BlockId id) {
    const Block& block = graph_[id];
    State state = states_[id];
    const std::vector<Need> needs = needs_in(block);
    Guarded result;
    const auto guard = [&](std::size_t at, std::size_t source) {
      guard_start(needs[at].packet, source, state, result.ops);
      guard_x(needs[at].past_x, source, state, result.ops);
    };
    guard(0, block.ops.empty() ? block.source : block.ops.front().source);
    for (std::size_t i = 0; i < block.ops.size(); ++i) {
      Op op = block.ops[i];
      step(op, state.limits);
      if (defines(op).has(Var::x)) state.cursor = 0;
      move_to_cursor(op, state);
      result.ops.push_back(op);
      if (defines(op).has(Var::x)) guard(i + 1, op.source);
    }
    result.after = state;
    return result;
  }

  // The need before each operation, and at the end.
  [[nodiscard]] std::vector<Need> needs_in(const Block& block) const {
    std::vector<Need> needs(block.ops.size() + 1);
    needs.back() = need_at_end(block, needs_);
    for (std::size_t i = block.ops.size(); i-- > 0;)
      needs[i] = need_before(block.ops[i], needs[i + 1]);
    return needs;
  }

  static void guard_start(std::uint32_t need, std::size_t source, State& state,
                          std::vector<Op>& ops) {
    if (need <= state.proven || need > kMaxPacketOffset) return;
    ops.push_back({Guard{Base::packet, need, state.pointer}, source});
    state.proven = state.pointer = need;
  }

  // If X may be too large for the verifier to move the cursor that far, the cursor is recomputed
  // from a checked X: no packet is that long.
  static void guard_x(std::uint32_t need, std::size_t source, State& state, std::vector<Op>& ops) {
    if (need <= state.cursor || need > kMaxPacketOffset) return;
    const std::uint32_t limit = kMaxPacketOffset - need;
    const bool extend = state.cursor != 0 && state.cursor_limit <= limit;
    if (!extend) {
      state.cursor = 0;
      state.cursor_limit = state.limits.x;
    }
    const bool bound_x = state.cursor_limit > limit;
    const std::uint32_t most_x = std::min(state.cursor_limit, limit);
    ops.push_back({Guard{Base::x, need, state.cursor, bound_x, most_x}, source});
    state.cursor = need;
    state.cursor_limit = most_x;
  }

  static void move_to_cursor(Op& op, const State& state) {
    auto* load = std::get_if<Load>(&op.what);
    if (load == nullptr || load->base != Base::x) return;
    load->base = Base::cursor;
    load->offset -= static_cast<std::int32_t>(state.cursor);
  }

  Graph& graph_;
  std::vector<BlockId> order_;
  ByBlock<Need> needs_;
  ByBlock<State> states_;
};

}  // namespace

void guard_packet(Graph& graph) {
  Guards(graph).insert();
}

}  // namespace xdpcap::ir
