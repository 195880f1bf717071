// SPDX-License-Identifier: BSD-3-Clause
// The data-flow framework of the passes.
#pragma once

#include <utility>
#include <vector>

#include "filter/ir.hpp"

namespace xdpcap::ir {

// Calls visit(block, round) for all blocks in `order`, again and again, until no visit returns true
// (changed). A graph without loops needs one round, in the right order. The lattice must have
// finite height.
template <class Blocks, class Visit>
void visit_until_stable(const Graph& graph, const Blocks& order, Visit visit) {
  bool changed = true;
  for (int round = 0; changed; ++round) {
    changed = false;
    for (const BlockId id : order) changed = visit(id, round) || changed;
    changed = changed && graph.has_loops;
  }
}

// Solves a backward data-flow problem: start_of(block, at_start) computes the value at the start of
// a block from those at the start of its successors. `at_start` has the initial values, which are
// final for the exits.
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
