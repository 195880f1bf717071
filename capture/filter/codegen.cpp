// SPDX-License-Identifier: BSD-3-Clause
#include "filter/codegen.hpp"

#include <algorithm>
#include <cstddef>
#include <variant>

#include "ebpf/disassembler.hpp"
#include "filter/emitters.hpp"
#include "filter/ir.hpp"
#include "filter/passes.hpp"

namespace xdpcap {
namespace {

using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;

// The passes that do not depend on how the packet is read.
ir::Graph optimised(const CbpfProgram& filter, std::uint32_t packet_start) {
  ir::Graph graph = ir::lift(filter, packet_start);  // 1
  ir::simplify_cfg(graph);                           // 2
  ir::remove_dead_code(graph);                       // 3
  ir::fuse_tests(graph);                             // 4
  ir::simplify_cfg(graph);                           // 5: past tests that were fused away
  ir::choose_byte_order(graph);                      // 6
  ir::scrub_bounds(graph);                           // 7
  return graph;
}

bool leads_to(const ir::Graph& graph, ir::BlockId exit) {
  if (graph.entry == exit) return true;
  return std::ranges::any_of(ir::reverse_postorder(graph), [&](ir::BlockId id) {
    return std::ranges::count(ir::successors(graph[id]), exit) != 0;
  });
}

template <class What>
bool has(const ir::Graph& graph) {
  const auto is_one = [](const ir::Op& op) { return std::holds_alternative<What>(op.what); };
  return std::ranges::any_of(ir::reverse_postorder(graph), [&](ir::BlockId id) {
    return std::ranges::any_of(graph[id].ops, is_one);
  });
}
bool reads_packet(const ir::Graph& graph) {
  return has<ir::Load>(graph);
}

// The verifier refuses unreachable code, and the surrounding program has code at both labels. If
// the filter does not use one of them, emit a jump there that is never taken: the context is never
// null.
void mention_both_exits(Assembler& code, const ir::Graph& graph, const FilterFrame& frame) {
  const bool rejects = leads_to(graph, ir::kNoMatch) || reads_packet(graph);
  if (!leads_to(graph, ir::kMatch)) code.jump_if(Cond::eq, Reg::r6, 0, frame.match);
  if (!rejects) code.jump_if(Cond::eq, Reg::r6, 0, frame.no_match);
}

// The call takes some 5 ns, so it comes late: a packet that is rejected early does not pay for it.
void emit_length(Assembler& code, const FilterFrame& frame) {
  code.note("length of the whole packet");
  code.alu64(ebpf::Alu::mov, Reg::r1, Reg::r6);
  code.call(BPF_FUNC_xdp_get_buff_len);
  code.store(ebpf::Size::word, Reg::r10, frame.length_slot, Reg::r0);
}

// A copy that is shorter than the prefix has all that there is: the packet really is too short.
void emit_too_short(Assembler& code, const FilterFrame& frame) {
  code.alu64(ebpf::Alu::mov, Reg::r0, Reg::r8);
  code.alu64(ebpf::Alu::sub, Reg::r0, Reg::r7);
  code.jump_if(Cond::lt, Reg::r0, static_cast<std::int32_t>(frame.prefix), frame.no_match);
  code.jump(*frame.undecided);
}

void emit_linear(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                 const FilterFrame& frame, Label too_short) {
  ir::Graph direct = graph;
  ir::guard_packet(direct);  // 8
  emit_direct(code, direct, filter, frame, too_short);
}

void emit_with_frags(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                     const FilterFrame& frame) {
  const bool reads_length = has<ir::Length>(graph);
  if (reads_length) emit_length(code, frame);
  if (!reads_packet(graph)) return emit_linear(code, graph, filter, frame, frame.no_match);
  // A filter has no side effects. So when it needs bytes past the linear part it starts over,
  // reading through the helper, which sees the fragments as well.
  const Label again = code.label();
  emit_linear(code, graph, filter, frame, again);
  code.bind(again);
  if (!reads_length) emit_length(code, frame);
  emit_through_helper(code, graph, filter, frame);
}

void emit_from_prefix(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                      const FilterFrame& frame) {
  if (!reads_packet(graph)) return emit_linear(code, graph, filter, frame, frame.no_match);
  const Label too_short = code.label();
  emit_linear(code, graph, filter, frame, too_short);
  code.bind(too_short);
  emit_too_short(code, frame);
}

std::uint32_t reach_of(ir::Graph graph) {
  ir::guard_packet(graph);
  std::uint32_t reach = 0;
  for (const ir::BlockId id : ir::reverse_postorder(graph)) {
    for (const ir::Op& op : graph[id].ops) {
      const auto* guard = std::get_if<ir::Guard>(&op.what);
      if (guard == nullptr) continue;
      reach = std::max(reach, guard->bound_x ? ir::kMaxPacketOffset : guard->most_x + guard->end);
    }
  }
  return reach;
}

}  // namespace

void emit_filter(Assembler& code, const CbpfProgram& filter, const FilterFrame& frame) {
  const ir::Graph graph = optimised(filter, frame.packet_start);
  mention_both_exits(code, graph, frame);

  switch (frame.access) {
    case PacketAccess::linear:
      return emit_linear(code, graph, filter, frame, frame.no_match);
    case PacketAccess::frags:
      return emit_with_frags(code, graph, filter, frame);
    case PacketAccess::prefix:
      return emit_from_prefix(code, graph, filter, frame);
    case PacketAccess::probe:
      if (reads_packet(graph)) return emit_by_probing(code, graph, filter, frame);
      return emit_linear(code, graph, filter, frame, frame.no_match);
  }
}

void emit_filter_at(Assembler& code, const CbpfProgram& filter,
                    std::span<const std::uint32_t> offsets, const FilterFrame& frame) {
  if (offsets.empty()) return emit_filter(code, filter, frame);
  for (std::size_t i = 0; i < offsets.size(); ++i) {
    const bool last = i + 1 == offsets.size();
    FilterFrame here = frame;
    here.packet_start = offsets[i];
    if (!last) here.no_match = code.label();
    emit_filter(code, filter, here);
    if (!last) code.bind(here.no_match);
  }
}

std::uint32_t filter_reach(const CbpfProgram& filter, std::span<const std::uint32_t> offsets) {
  if (offsets.empty()) return reach_of(optimised(filter, 0));
  std::uint32_t reach = 0;
  for (const std::uint32_t at : offsets) reach = std::max(reach, reach_of(optimised(filter, at)));
  return reach;
}

std::string dump_filter(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                        bool frags) {
  Assembler code;
  const FilterFrame frame{.access = frags ? PacketAccess::frags : PacketAccess::linear,
                          .length_slot = -4,
                          .stack_top = -8,
                          .match = code.label(),
                          .no_match = code.label()};
  emit_filter_at(code, filter, offsets, frame);
  code.bind(frame.match);
  code.note("match");
  code.exit();
  code.bind(frame.no_match);
  code.note("no match");
  code.exit();
  return ebpf::to_string(code.assemble());
}

}  // namespace xdpcap
