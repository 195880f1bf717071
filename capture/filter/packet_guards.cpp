// SPDX-License-Identifier: BSD-3-Clause
// guard_packet(): which bounds checks, and where.
//
// Two analyses meet here. Backwards: how many bytes behind the packet's start, and behind X, will
// every packet need that still matches? Whoever has fewer may be rejected at once. Forwards: how
// many have been shown already, and where do the two pointers that showed it stand? Where the
// first is more than the second, a guard goes in.
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

// Need is how many bytes a packet has to have so that it can still match; kUnknown where it cannot.
struct Need {
  std::uint32_t packet = kUnknown;
  std::uint32_t behind_x = kUnknown;

  friend bool operator==(const Need&, const Need&) = default;
};

Need need_before(const Op& op, Need after) {
  if (defines(op).has(Var::x)) after.behind_x = 0;
  if (const auto* load = std::get_if<Load>(&op.what)) {
    std::uint32_t& need = load->base == Base::x ? after.behind_x : after.packet;
    need = std::max(need, load->end());
  }
  return after;
}

Need need_at_end(const Block& block, const ByBlock<Need>& at_start) {
  Need need;
  for (const BlockId next : successors(block)) {
    need.packet = std::min(need.packet, at_start[next].packet);
    need.behind_x = std::min(need.behind_x, at_start[next].behind_x);
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

// Limits is what the verifier of 5.10 knows about how large A and X may be. It may know more than
// this, never less; of a value whose bytes were swapped it knows nothing.
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
  } else if (const auto* forget = std::get_if<Forget>(&op.what)) {
    if (auto* to = slot(forget->var)) *to = kUnknown;
  }
}

// State is what has been shown on every way to a place.
struct State {
  bool seen = false;
  std::uint32_t shown = 0;         // bytes of the packet that are known to be there
  std::uint32_t pointer = 0;       // where the packet's pointer stands; 0: nowhere known
  std::uint32_t cursor = 0;        // where the cursor stands behind X; 0: nowhere known
  std::uint32_t cursor_limit = 0;  // how large the verifier thinks the X in the cursor may be
  Limits limits;

  friend bool operator==(const State&, const State&) = default;
};

// Meets what comes from another block. A pointer that is not the same on each way is lost for good.
void meet(State& state, const State& other) {
  if (!state.seen) {
    state = other;
    state.seen = true;
    return;
  }
  state.shown = std::min(state.shown, other.shown);
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
        if (round > 1) give_up_growing(states_[next], before);
        changed = changed || states_[next] != before;
      }
      return changed;
    });
  }

  // A limit that a loop raises would be raised again and again.
  static void give_up_growing(State& state, const State& before) {
    if (state.limits.a != before.limits.a) state.limits.a = kUnknown;
    if (state.limits.x != before.limits.x) state.limits.x = kUnknown;
    if (state.cursor_limit != before.cursor_limit) state.cursor_limit = kUnknown;
  }

  // The block's operations with guards among them, and what has been shown behind them.
  Guarded guarded(BlockId id) {
    const Block& block = graph_[id];
    State state = states_[id];
    const std::vector<Need> needs = needs_in(block);
    Guarded result;
    const auto guard = [&](std::size_t at, std::size_t source) {
      guard_start(needs[at].packet, source, state, result.ops);
      guard_x(needs[at].behind_x, source, state, result.ops);
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

  // What is needed before each operation, and at the end.
  [[nodiscard]] std::vector<Need> needs_in(const Block& block) const {
    std::vector<Need> needs(block.ops.size() + 1);
    needs.back() = need_at_end(block, needs_);
    for (std::size_t i = block.ops.size(); i-- > 0;)
      needs[i] = need_before(block.ops[i], needs[i + 1]);
    return needs;
  }

  static void guard_start(std::uint32_t need, std::size_t source, State& state,
                          std::vector<Op>& ops) {
    if (need <= state.shown || need > kMaxPacketOffset) return;
    ops.push_back({Guard{Base::packet, need, state.pointer}, source});
    state.shown = state.pointer = need;
  }

  // A cursor whose X may be too large for the verifier to go so far is made anew, from an X that is
  // checked: no packet is that long.
  static void guard_x(std::uint32_t need, std::size_t source, State& state, std::vector<Op>& ops) {
    if (need <= state.cursor || need > kMaxPacketOffset) return;
    const std::uint32_t limit = kMaxPacketOffset - need;
    const bool go_on = state.cursor != 0 && state.cursor_limit <= limit;
    if (!go_on) {
      state.cursor = 0;
      state.cursor_limit = state.limits.x;
    }
    const bool bound_x = state.cursor_limit > limit;
    ops.push_back({Guard{Base::x, need, state.cursor, bound_x}, source});
    state.cursor = need;
    state.cursor_limit = std::min(state.cursor_limit, limit);
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
