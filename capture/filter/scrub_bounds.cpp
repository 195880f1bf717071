// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

// The verifier explores the code once for each set of bounds that a variable can have, and each
// conditional addition may double their number. Real filters stay well below this limit.
constexpr std::uint32_t kMaxVariants = 8;

// Value is what the verifier knows about a variable: one of `variants` sets of bounds. Values with
// the same id have the same sets.
struct Value {
  std::uint64_t id = 0;
  std::uint32_t variants = 1;
  // A branch has compared it. Verifiers before 6.8 follow both edges of many branches of which one
  // is impossible (a byte that equals 0x1234, an X of at least 147 and at most 60), and then refuse
  // an address computed from such a value. Less-than and greater-than a constant are safe.
  bool compared = false;
};

enum class Kind : std::uint64_t { unknown, constant, computed, merged };

Value make_value(Kind kind, std::uint64_t which, std::uint32_t variants = 1) {
  return {static_cast<std::uint64_t>(kind) << 60 | which, variants};
}
// Any value of `bytes` bytes.
Value unknown(std::uint64_t bytes) {
  return make_value(Kind::unknown, bytes);
}

class Values {
 public:
  Value& operator[](Var var) { return values_[static_cast<std::size_t>(var)]; }

 private:
  std::array<Value, kVars> values_{};
};

std::uint64_t name_of(BlockId block, std::size_t index) {
  return static_cast<std::uint64_t>(block) << 24 | index;
}

void step(const Op& op, std::uint64_t name, Values& values) {
  if (const auto* constant = std::get_if<Constant>(&op.what)) {
    values[constant->to] = make_value(Kind::constant, constant->value);
  } else if (const auto* copy = std::get_if<Copy>(&op.what)) {
    values[copy->to] = values[copy->from];
  } else if (const auto* load = std::get_if<Load>(&op.what)) {
    if (!load->discard) values[load->to] = unknown(load->bytes);
  } else if (const auto* length = std::get_if<Length>(&op.what)) {
    values[length->to] = unknown(8);
  } else if (const auto* scrub = std::get_if<Scrub>(&op.what)) {
    values[scrub->var] = unknown(4);
  } else if (const auto* compute = std::get_if<Compute>(&op.what)) {
    const Var* right = std::get_if<Var>(&compute->operand);
    const std::uint32_t variants =
        values[compute->to].variants * (right != nullptr ? values[*right].variants : 1);
    const bool compared =
        values[compute->to].compared || (right != nullptr && values[*right].compared);
    values[compute->to] = make_value(Kind::computed, name, variants);
    values[compute->to].compared = compared;
  }
}

void step_end(const Block& block, Values& values) {
  const auto* branch = std::get_if<Branch>(&block.end);
  if (branch == nullptr) return;
  if (const Var* right = std::get_if<Var>(&branch->right)) {
    values[branch->left].compared = values[*right].compared = true;
  } else if (branch->cond == Cond::eq || branch->cond == Cond::ne || branch->cond == Cond::set) {
    values[branch->left].compared = true;
  }
}

void meet(std::optional<Values>& state, Values other, BlockId block) {
  if (!state) {
    state = other;
    return;
  }
  for (std::size_t i = 0; i < kVars; ++i) {
    Value& value = (*state)[static_cast<Var>(i)];
    const Value& met = other[static_cast<Var>(i)];
    const bool compared = value.compared || met.compared;
    if (value.id != met.id) {
      value = make_value(Kind::merged, name_of(block, i), value.variants + met.variants);
    }
    value.compared = compared;
  }
}

void scrub(Var var, std::size_t source, Values& values, std::vector<Op>& ops) {
  ops.push_back({Scrub{var}, source});
  values[var] = unknown(4);
}

// Scrubs `var` if it has too many variants and is live.
void limit(Var var, VarSet live, std::size_t source, Values& values, std::vector<Op>& ops) {
  if (values[var].variants > kMaxVariants && live.has(var)) scrub(var, source, values, ops);
}

bool reads_past_x(const Op& op) {
  const auto* load = std::get_if<Load>(&op.what);
  return load != nullptr && load->base == Base::x;
}

// The variables that are live before each operation of the block, and at its end.
std::vector<VarSet> live_before_ops(const Block& block, const ByBlock<VarSet>& live) {
  std::vector<VarSet> live_before(block.ops.size() + 1);
  live_before.back() = live_at_end(block, live);
  for (std::size_t i = block.ops.size(); i-- > 0;) {
    live_before[i] = (live_before[i + 1] - defines(block.ops[i])) | uses(block.ops[i]);
  }
  return live_before;
}

}  // namespace

void scrub_bounds(Graph& graph) {
  const ByBlock<VarSet> live = live_at_start(graph);
  ByBlock<std::optional<Values>> at_start(graph);
  at_start[graph.entry] = Values{};
  // One round is enough: every variable is scrubbed before a backward jump.
  for (const BlockId id : reverse_postorder(graph)) {
    Block& block = graph[id];
    Values values = *at_start[id];
    const std::vector<VarSet> live_before = live_before_ops(block, live);
    std::vector<Op> ops;
    for (std::size_t i = 0; i < kVars; ++i) {
      limit(static_cast<Var>(i), live_before[0], block.source, values, ops);
    }
    for (std::size_t i = 0; i < block.ops.size(); ++i) {
      const Op& op = block.ops[i];
      if (reads_past_x(op) && values[Var::x].compared) scrub(Var::x, op.source, values, ops);
      step(op, name_of(id, i), values);
      ops.push_back(op);
      if (const auto* compute = std::get_if<Compute>(&op.what)) {
        limit(compute->to, live_before[i + 1], op.source, values, ops);
      }
    }
    block.ops = std::move(ops);
    step_end(block, values);
    for (const BlockId next : successors(block)) meet(at_start[next], values, next);
  }
}

}  // namespace xdpcap::ir
