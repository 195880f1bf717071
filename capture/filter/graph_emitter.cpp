// SPDX-License-Identifier: BSD-3-Clause
#include "filter/graph_emitter.hpp"

#include <variant>

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
using ir::BlockId;
using ir::Var;

// The inverse of `cond`. `set` has none.
Cond opposite(Cond cond) {
  switch (cond) {
    case Cond::eq:
      return Cond::ne;
    case Cond::ne:
      return Cond::eq;
    case Cond::gt:
      return Cond::le;
    case Cond::ge:
      return Cond::lt;
    case Cond::lt:
      return Cond::ge;
    default:
      return Cond::gt;
  }
}

}  // namespace

GraphEmitter::GraphEmitter(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                           const FilterFrame& frame, const ir::Registers& registers, Label match,
                           Label no_match)
    : code_(code),
      frame_(frame),
      stack_(frame.stack_top),
      registers_(registers),
      graph_(graph),
      filter_(filter),
      order_(ir::reverse_postorder(graph)),
      predecessors_(ir::count_predecessors(graph)),
      labels_(graph, match) {
  for (const BlockId id : order_) labels_[id] = code_.label();
  labels_[ir::kNoMatch] = no_match;
}

Size GraphEmitter::size_of(std::uint8_t bytes) {
  return bytes == 4 ? Size::word : bytes == 2 ? Size::half : Size::byte;
}

void GraphEmitter::to_host_order(const ir::Load& load) {
  if (load.bytes > 1 && !load.network_order) code_.be(registers_.reg(load.to), load.bytes * 8);
}

void GraphEmitter::emit_blocks() {
  if (graph_.has_loops) emit_budget();
  if (order_.empty()) code_.jump(labels_[graph_.entry]);
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const ir::Block& block = graph_[order_[i]];
    code_.bind(labels_[order_[i]]);
    for (const ir::Op& op : block.ops) {
      note(op.source);
      std::visit([this](const auto& what) { emit(what); }, op.what);
    }
    note(block.source);
    emit_end(block, i + 1 < order_.size() ? order_[i + 1] : ir::kMatch);
  }
}

void GraphEmitter::note(std::size_t source) {
  if (source == noted_) return;
  noted_ = source;
  code_.note(to_string(filter_[source], source));
}

void GraphEmitter::emit(const ir::Constant& constant) {
  const ir::Place to = registers_.of(constant.to);
  if (const auto* slot = std::get_if<ir::StackSlot>(&to)) {
    code_.store(Size::word, Reg::r10, slot->offset, imm(constant.value));
  } else {
    code_.alu32(Alu::mov, std::get<Reg>(to), imm(constant.value));
  }
}

// Either side is A or X, which are in registers.
void GraphEmitter::emit(const ir::Copy& copy) {
  const ir::Place to = registers_.of(copy.to);
  const ir::Place from = registers_.of(copy.from);
  if (const auto* slot = std::get_if<ir::StackSlot>(&to)) {
    code_.store(Size::word, Reg::r10, slot->offset, std::get<Reg>(from));
  } else if (const auto* source = std::get_if<ir::StackSlot>(&from)) {
    code_.load(Size::word, std::get<Reg>(to), Reg::r10, source->offset);
  } else {
    code_.alu32(Alu::mov, std::get<Reg>(to), std::get<Reg>(from));
  }
}

void GraphEmitter::emit(const ir::Length& length) {
  const Reg to = registers_.reg(length.to);
  if (frame_.access != PacketAccess::linear) {
    return code_.load(Size::word, to, Reg::r10, frame_.length_slot);
  }
  code_.alu64(Alu::mov, to, Reg::r8);
  code_.alu64(Alu::sub, to, Reg::r7);
}

void GraphEmitter::emit(const ir::Compute& compute) {
  const Reg to = registers_.reg(compute.to);
  if (const auto* constant = std::get_if<std::uint32_t>(&compute.operand)) {
    code_.alu32(compute.op, to, imm(*constant));
  } else {
    code_.alu32(compute.op, to, registers_.reg(std::get<Var>(compute.operand)));
  }
}

// The verifier does not track what is on the stack (registers.hpp).
void GraphEmitter::emit(const ir::Scrub& scrub) {
  const ir::Place place = registers_.of(scrub.var);
  if (const auto* reg = std::get_if<Reg>(&place)) {
    code_.store(Size::word, Reg::r10, stack_.scrub().offset, *reg);
    code_.load(Size::word, *reg, Reg::r10, stack_.scrub().offset);
  }
}

void GraphEmitter::emit_end(const ir::Block& block, BlockId next) {
  if (const auto* branch = std::get_if<ir::Branch>(&block.end)) return emit_branch(*branch, next);
  if (const auto* loop = std::get_if<ir::LoopBack>(&block.end)) {
    emit_backward_jump_check();
    return code_.jump(labels_[loop->to]);
  }
  go_to(std::get<ir::Jump>(block.end).to, next);
}

// If a loop is entered in its middle, the back edge that the verifier finds may be a fall-through,
// which it accepts only since Linux 6.4; before, back edges have to be jumps.
void GraphEmitter::go_to(BlockId to, BlockId next) {
  const bool may_close_loop = graph_.has_loops && predecessors_[to] > 1;
  if (to != next || next == ir::kMatch || may_close_loop) code_.jump(labels_[to]);
}

void GraphEmitter::emit_branch(const ir::Branch& branch, BlockId next) {
  if (branch.yes == next && next != ir::kMatch && branch.cond != Cond::set) {
    emit_jump({opposite(branch.cond), branch.left, branch.right, branch.no, branch.yes});
    return go_to(branch.yes, next);
  }
  emit_jump(branch);
  go_to(branch.no, next);
}

void GraphEmitter::emit_jump(const ir::Branch& branch) {
  const Reg left = registers_.reg(branch.left);
  const Label yes = labels_[branch.yes];
  if (const auto* constant = std::get_if<std::uint32_t>(&branch.right)) {
    code_.jump32_if(branch.cond, left, imm(*constant), yes);
  } else {
    code_.jump32_if(branch.cond, left, registers_.reg(std::get<Var>(branch.right)), yes);
  }
}

}  // namespace xdpcap
