// SPDX-License-Identifier: BSD-3-Clause
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

// Known is what is known of the variables at one place: a constant or nothing.
class Known {
 public:
  std::optional<std::uint32_t>& operator[](Var var) {
    return values_[static_cast<std::size_t>(var)];
  }

  // Keeps what both agree on. True when that changed anything.
  bool meet(const Known& other) {
    bool changed = false;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (!values_[i] || values_[i] == other.values_[i]) continue;
      values_[i].reset();
      changed = true;
    }
    return changed;
  }

 private:
  std::array<std::optional<std::uint32_t>, kVars> values_{};
};

std::optional<std::uint32_t> compute(Alu op, std::uint32_t left, std::uint32_t right) {
  switch (op) {
    case Alu::add:
      return left + right;
    case Alu::sub:
      return left - right;
    case Alu::mul:
      return left * right;
    case Alu::div:
      return right == 0 ? std::nullopt : std::optional(left / right);
    case Alu::mod:
      return right == 0 ? std::nullopt : std::optional(left % right);
    case Alu::bit_and:
      return left & right;
    case Alu::bit_or:
      return left | right;
    case Alu::bit_xor:
      return left ^ right;
    case Alu::lsh:
      return right >= 32 ? std::nullopt : std::optional(left << right);
    case Alu::rsh:
      return right >= 32 ? std::nullopt : std::optional(left >> right);
    case Alu::neg:
      return 0U - left;
    default:
      return std::nullopt;
  }
}

std::optional<bool> compare(Cond cond, std::uint32_t left, std::uint32_t right) {
  switch (cond) {
    case Cond::eq:
      return left == right;
    case Cond::ne:
      return left != right;
    case Cond::gt:
      return left > right;
    case Cond::ge:
      return left >= right;
    case Cond::lt:
      return left < right;
    case Cond::le:
      return left <= right;
    case Cond::set:
      return (left & right) != 0;
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> value_of(const Operand& operand, Known& known) {
  if (const auto* constant = std::get_if<std::uint32_t>(&operand)) return *constant;
  return known[std::get<Var>(operand)];
}

// Steps over one operation, and replaces it by what it comes to.
void fold(Op& op, Known& known) {
  if (const auto* constant = std::get_if<Constant>(&op.what)) {
    known[constant->to] = constant->value;
  } else if (const auto* copy = std::get_if<Copy>(&op.what)) {
    const Var to = copy->to;
    known[to] = known[copy->from];
    if (known[to]) op.what = Constant{to, *known[to]};
  } else if (auto* load = std::get_if<Load>(&op.what)) {
    const auto x = load->base == Base::x ? known[Var::x] : std::nullopt;
    if (x && *x <= kMaxPacketOffset - load->end()) {
      load->base = Base::packet;
      load->offset += static_cast<std::int32_t>(*x);
    }
    known[load->to].reset();
  } else if (auto* arithmetic = std::get_if<Compute>(&op.what)) {
    const Var to = arithmetic->to;
    const auto right = value_of(arithmetic->operand, known);
    if (right && compute(arithmetic->op, 0, *right)) arithmetic->operand = *right;
    known[to] = known[to] && right ? compute(arithmetic->op, *known[to], *right) : std::nullopt;
    if (known[to]) op.what = Constant{to, *known[to]};
  } else if (const auto* length = std::get_if<Length>(&op.what)) {
    known[length->to].reset();
  } else if (const auto* forget = std::get_if<Forget>(&op.what)) {
    known[forget->var].reset();
  }
}

void fold_end(Block& block, Known& known) {
  auto* branch = std::get_if<Branch>(&block.end);
  if (branch == nullptr) return;
  const auto right = value_of(branch->right, known);
  if (!right) return;
  branch->right = *right;
  const auto left = known[branch->left];
  const auto outcome = left ? compare(branch->cond, *left, *right) : std::nullopt;
  if (outcome) block.end = Jump{*outcome ? branch->yes : branch->no};
}

}  // namespace

void fold_constants(Graph& graph) {
  const std::vector<BlockId> order = reverse_postorder(graph);
  ByBlock<std::optional<Known>> at_start(graph);
  at_start[graph.entry] = Known{};
  // First find what holds on every way into a block, on copies; loops take a second round.
  for (bool changed = true; changed;) {
    changed = false;
    for (const BlockId id : order) {
      Known known = *at_start[id];
      for (Op op : graph[id].ops) fold(op, known);
      for (const BlockId next : successors(graph[id])) {
        if (at_start[next]) {
          changed = at_start[next]->meet(known) || changed;
        } else {
          at_start[next] = known;
        }
      }
    }
    // Without a loop, everything before a block has been seen before it.
    changed = changed && graph.has_loops;
  }
  for (const BlockId id : order) {
    Known known = *at_start[id];
    for (Op& op : graph[id].ops) fold(op, known);
    fold_end(graph[id], known);
  }
}

}  // namespace xdpcap::ir
