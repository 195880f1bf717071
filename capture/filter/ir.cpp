// SPDX-License-Identifier: BSD-3-Clause
#include "filter/ir.hpp"

#include <algorithm>

#include "filter/dataflow.hpp"

namespace xdpcap::ir {
namespace {

VarSet variables(const Operand& operand) {
  if (const Var* var = std::get_if<Var>(&operand)) return {*var};
  return {};
}

bool is_exit(BlockId id) {
  return id == kMatch || id == kNoMatch;
}

// The successors in the order to visit them: the last one visited is placed right after the block.
// "Jump if any bit is set" has no inverse, so its `no` has to be the fall-through.
Successors visiting_order(const Block& block) {
  const auto* branch = std::get_if<Branch>(&block.end);
  if (branch != nullptr && branch->cond != Cond::set) return {branch->no, branch->yes};
  return successors(block);
}

}  // namespace

Successors successors(const Block& block) {
  if (const auto* jump = std::get_if<Jump>(&block.end)) return Successors(jump->to);
  if (const auto* loop = std::get_if<LoopBack>(&block.end)) return Successors(loop->to);
  if (const auto* branch = std::get_if<Branch>(&block.end)) return {branch->yes, branch->no};
  return {};
}

std::vector<BlockId> reverse_postorder(const Graph& graph) {
  struct Visit {
    BlockId block;
    Successors next;
    std::size_t done = 0;
  };
  std::vector<BlockId> order;
  if (is_exit(graph.entry)) return order;
  ByBlock<char> seen(graph);
  std::vector<Visit> path;  // an explicit stack: 4,096 instructions would recurse deeply
  const auto visit = [&](BlockId id) {
    if (is_exit(id) || seen[id] != 0) return;
    seen[id] = 1;
    path.push_back({id, visiting_order(graph[id])});
  };
  visit(graph.entry);
  while (!path.empty()) {
    Visit& top = path.back();
    if (top.done < top.next.size()) {
      visit(top.next[top.done++]);
    } else {
      order.push_back(top.block);
      path.pop_back();
    }
  }
  std::ranges::reverse(order);
  return order;
}

ByBlock<std::size_t> count_predecessors(const Graph& graph) {
  ByBlock<std::size_t> counts(graph);
  ++counts[graph.entry];
  for (const BlockId id : reverse_postorder(graph)) {
    for (const BlockId next : successors(graph[id])) ++counts[next];
  }
  return counts;
}

VarSet uses(const Op& op) {
  struct Visitor {
    VarSet operator()(const Constant&) const { return {}; }
    VarSet operator()(const Copy& copy) const { return {copy.from}; }
    VarSet operator()(const Length&) const { return {}; }
    VarSet operator()(const Load& load) const {
      if (load.base == Base::packet) return {};
      return load.base == Base::x ? VarSet{Var::x} : VarSet{Var::cursor};
    }
    VarSet operator()(const Compute& compute) const {
      return variables(compute.operand) | VarSet{compute.to};
    }
    VarSet operator()(const Guard& guard) const {
      if (guard.base == Base::packet) return {};
      return guard.reached == 0 ? VarSet{Var::x} : VarSet{Var::cursor};
    }
    VarSet operator()(const Scrub& scrub) const { return {scrub.var}; }
  };
  return std::visit(Visitor{}, op.what);
}

VarSet defines(const Op& op) {
  struct Visitor {
    VarSet operator()(const Constant& constant) const { return {constant.to}; }
    VarSet operator()(const Copy& copy) const { return {copy.to}; }
    VarSet operator()(const Length& length) const { return {length.to}; }
    VarSet operator()(const Load& load) const { return load.discard ? VarSet{} : VarSet{load.to}; }
    VarSet operator()(const Compute& compute) const { return {compute.to}; }
    VarSet operator()(const Guard& guard) const {
      return guard.base == Base::x ? VarSet{Var::cursor} : VarSet{};
    }
    VarSet operator()(const Scrub& scrub) const { return {scrub.var}; }
  };
  return std::visit(Visitor{}, op.what);
}

VarSet uses_at_end(const Block& block) {
  const auto* branch = std::get_if<Branch>(&block.end);
  return branch == nullptr ? VarSet{} : variables(branch->right) | VarSet{branch->left};
}

VarSet live_at_end(const Block& block, const ByBlock<VarSet>& live_at_start) {
  VarSet live = uses_at_end(block);
  for (const BlockId next : successors(block)) live = live | live_at_start[next];
  return live;
}

ByBlock<VarSet> live_at_start(const Graph& graph) {
  return solve_backwards(graph, ByBlock<VarSet>(graph),
                         [](const Block& block, const ByBlock<VarSet>& live) {
                           VarSet now = live_at_end(block, live);
                           for (const Op& op : reversed(block.ops))
                             now = (now - defines(op)) | uses(op);
                           return now;
                         });
}

}  // namespace xdpcap::ir
