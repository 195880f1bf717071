// SPDX-License-Identifier: BSD-3-Clause
// What holds at each place of a graph, where that depends on what holds elsewhere: the loop that
// all analyses of the passes share.
#pragma once

#include <utility>
#include <vector>

#include "filter/ir.hpp"

namespace xdpcap::ir {

// Calls visit(block, round), which says whether it learned anything, for all blocks in this order,
// and for all of them again until none does. The order is such that one round is enough for a graph
// without loops. What a visit may learn has to come to an end.
template <class Blocks, class Visit>
void visit_until_stable(const Graph& graph, const Blocks& order, Visit visit) {
  bool changed = true;
  for (int round = 0; changed; ++round) {
    changed = false;
    for (const BlockId id : order) changed = visit(id, round) || changed;
    changed = changed && graph.has_loops;
  }
}

// What holds at the start of each block, where start_of(block, at_start) tells it from what holds
// at the start of the block's successors. `at_start` is what to begin with; it stays as it is for
// the exits.
template <class Value, class StartOf>
ByBlock<Value> solve_backwards(const Graph& graph, ByBlock<Value> at_start, StartOf start_of) {
  const std::vector<BlockId> order = reverse_postorder(graph);
  visit_until_stable(graph, reversed(order), [&](BlockId id, int) {
    const Value now = start_of(graph[id], std::as_const(at_start));
    const bool changed = now != at_start[id];
    at_start[id] = now;
    return changed;
  });
  return at_start;
}

}  // namespace xdpcap::ir
