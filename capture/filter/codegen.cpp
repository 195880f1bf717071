// SPDX-License-Identifier: BSD-3-Clause
#include "filter/codegen.hpp"

#include <algorithm>
#include <cstddef>

#include "filter/graph_emitter.hpp"
#include "filter/ir.hpp"
#include "filter/passes.hpp"

namespace xdpcap {
namespace {

using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;

// The passes that do not depend on how the packet is read.
ir::Graph optimised(const CbpfProgram& filter) {
  ir::Graph graph = ir::lift(filter);  // 1
  ir::fold_constants(graph);           // 2
  ir::thread_jumps(graph);             // 3
  ir::remove_dead_code(graph);         // 4
  ir::fuse_tests(graph);               // 5
  ir::thread_jumps(graph);             // 6: what has become empty
  ir::remove_dead_code(graph);         // 7: and unwanted
  ir::choose_byte_order(graph);        // 8
  ir::forget_variants(graph);          // 9
  return graph;
}

bool leads_to(const ir::Graph& graph, ir::BlockId exit) {
  if (graph.entry == exit) return true;
  return std::ranges::any_of(ir::reverse_postorder(graph), [&](ir::BlockId id) {
    return std::ranges::count(ir::successors(graph[id]), exit) != 0;
  });
}

bool reads_packet(const ir::Graph& graph) {
  const auto is_load = [](const ir::Op& op) { return std::holds_alternative<ir::Load>(op.what); };
  return std::ranges::any_of(ir::reverse_postorder(graph), [&](ir::BlockId id) {
    return std::ranges::any_of(graph[id].ops, is_load);
  });
}

// The verifier refuses code that no jump leads to, and the surrounding program has some at both
// labels. Where a filter does not go to one, a jump that is never taken does: the context is never
// null.
void mention_both_exits(Assembler& code, const ir::Graph& graph, const FilterFrame& frame) {
  const bool rejects = leads_to(graph, ir::kNoMatch) || reads_packet(graph);
  if (!leads_to(graph, ir::kMatch)) code.jump_if(Cond::eq, Reg::r6, 0, frame.match);
  if (!rejects) code.jump_if(Cond::eq, Reg::r6, 0, frame.no_match);
}

}  // namespace

void emit_filter(Assembler& code, const CbpfProgram& filter, const FilterFrame& frame) {
  const ir::Graph graph = optimised(filter);
  mention_both_exits(code, graph, frame);

  ir::Graph direct = graph;
  ir::guard_packet(direct);  // 10
  if (!frame.frags || !reads_packet(graph)) {
    return emit_direct(code, direct, filter, frame, frame.no_match);
  }
  // A filter changes nothing, so one that comes to the end of the linear part may start again, now
  // through the helper that sees the fragments as well.
  const Label again = code.label();
  emit_direct(code, direct, filter, frame, again);
  code.bind(again);
  emit_through_helper(code, graph, filter, frame);
}

}  // namespace xdpcap
