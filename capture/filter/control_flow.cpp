// SPDX-License-Identifier: BSD-3-Clause
// The passes that merge blocks and remove operations: simplify_cfg and remove_dead_code.
#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>
#include <vector>

#include "filter/dataflow.hpp"
#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

// The final target of a jump to `id`.
BlockId destination(const Graph& graph, BlockId id) {
  while (graph[id].ops.empty() && std::holds_alternative<Jump>(graph[id].end)) {
    id = std::get<Jump>(graph[id].end).to;
  }
  return id;
}

// Merges a block with its only successor if it is that block's only predecessor.
void join_followers(Graph& graph, BlockId id, ByBlock<std::size_t>& predecessors) {
  Block& block = graph[id];
  while (const auto* jump = std::get_if<Jump>(&block.end)) {
    const BlockId next = jump->to;
    if (next == kMatch || next == kNoMatch || next == id || predecessors[next] != 1) return;
    Block& follower = graph[next];
    block.ops.insert(block.ops.end(), follower.ops.begin(), follower.ops.end());
    block.end = follower.end;
    block.source = follower.source;
    predecessors[next] = 0;  // no longer reachable
  }
}

ByBlock<char> can_match(const Graph& graph) {
  ByBlock<char> at_exits(graph);
  at_exits[kMatch] = 1;
  return solve_backwards(
      graph, std::move(at_exits), [](const Block& block, const ByBlock<char>& matches) -> char {
        const Successors all = successors(block);
        return std::ranges::any_of(all, [&](BlockId next) { return matches[next] != 0; }) ? 1 : 0;
      });
}

void prune_edges_without_match(Graph& graph) {
  const ByBlock<char> matches = can_match(graph);
  const auto redirect = [&](BlockId& next) {
    if (matches[next] == 0) next = kNoMatch;
  };
  redirect(graph.entry);
  for (const BlockId id : reverse_postorder(graph)) for_each_successor(graph[id], redirect);
}

// Whether `op` has an effect. A load always has one: it rejects short packets.
bool has_effect(const Op& op, VarSet after) {
  return std::holds_alternative<Load>(op.what) || (after - defines(op)) != after;
}

// The variables that are live before `op`, given those that are live after it.
VarSet live_before(const Op& op, VarSet after) {
  return has_effect(op, after) ? (after - defines(op)) | uses(op) : after;
}

ByBlock<VarSet> needed_at_start(const Graph& graph) {
  return solve_backwards(graph, ByBlock<VarSet>(graph),
                         [](const Block& block, const ByBlock<VarSet>& live) {
                           VarSet now = live_at_end(block, live);
                           for (const Op& op : reversed(block.ops)) now = live_before(op, now);
                           return now;
                         });
}

void remove_dead_ops(Block& block, VarSet live) {
  std::vector<Op> kept;
  for (Op op : reversed(block.ops)) {
    if (!has_effect(op, live)) continue;
    auto* load = std::get_if<Load>(&op.what);
    if (load != nullptr && !live.has(load->to)) load->discard = true;
    live = live_before(op, live);
    kept.push_back(op);
  }
  std::ranges::reverse(kept);
  block.ops = std::move(kept);
}

}  // namespace

void simplify_cfg(Graph& graph) {
  graph.entry = destination(graph, graph.entry);
  for (const BlockId id : reverse_postorder(graph)) {
    for_each_successor(graph[id], [&](BlockId& next) { next = destination(graph, next); });
    const auto* branch = std::get_if<Branch>(&graph[id].end);
    if (branch != nullptr && branch->yes == branch->no) graph[id].end = Jump{branch->yes};
  }
  ByBlock<std::size_t> predecessors = count_predecessors(graph);
  for (const BlockId id : reverse_postorder(graph)) {
    if (predecessors[id] != 0) join_followers(graph, id, predecessors);
  }
}

void remove_dead_code(Graph& graph) {
  prune_edges_without_match(graph);
  const ByBlock<VarSet> live = needed_at_start(graph);
  for (const BlockId id : reverse_postorder(graph)) {
    remove_dead_ops(graph[id], live_at_end(graph[id], live));
  }
}

}  // namespace xdpcap::ir
