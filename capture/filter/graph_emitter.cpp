// SPDX-License-Identifier: BSD-3-Clause
#include "filter/graph_emitter.hpp"

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "filter/registers.hpp"

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

Size size_of(std::uint8_t bytes) {
  return bytes == 4 ? Size::word : bytes == 2 ? Size::half : Size::byte;
}
std::int32_t imm(std::uint32_t value) {
  return static_cast<std::int32_t>(value);
}
bool fits_offset(std::int32_t offset) {
  return offset >= std::numeric_limits<std::int16_t>::min() &&
         offset <= std::numeric_limits<std::int16_t>::max();
}

// The condition that holds where `cond` does not. There is none for `set`.
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

// GraphEmitter emits the blocks in order, and everything that does not touch the packet.
class GraphEmitter {
 public:
  GraphEmitter(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
               const FilterFrame& frame, const ir::Registers& registers, Label match,
               Label no_match)
      : code_(code),
        frame_(frame),
        stack_(frame.stack_top),
        registers_(registers),
        graph_(graph),
        filter_(filter),
        order_(ir::reverse_postorder(graph)),
        labels_(graph, match) {
    for (const BlockId id : order_) labels_[id] = code_.label();
    labels_[ir::kNoMatch] = no_match;
  }
  GraphEmitter(const GraphEmitter&) = delete;
  GraphEmitter& operator=(const GraphEmitter&) = delete;
  GraphEmitter(GraphEmitter&&) = delete;
  GraphEmitter& operator=(GraphEmitter&&) = delete;
  virtual ~GraphEmitter() = default;

  void emit_blocks() {
    if (graph_.has_loops) fill_tank();
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

 protected:
  virtual void emit(const ir::Load& load) = 0;
  virtual void emit(const ir::Guard& guard) = 0;
  // The fuel: as many jumps backwards as it has units.
  virtual void fill_tank() = 0;
  virtual void burn_unit() = 0;  // rejects when there is none

  void to_host_order(const ir::Load& load) {
    if (load.bytes > 1 && !load.network_order) code_.be(registers_.reg(load.to), load.bytes * 8);
  }
  [[nodiscard]] Label no_match() const { return labels_[ir::kNoMatch]; }

  Assembler& code_;
  const FilterFrame& frame_;
  ir::StackFrame stack_;
  const ir::Registers& registers_;

 private:
  // Quotes the classic instruction where the code that comes from it starts.
  void note(std::size_t source) {
    if (source == noted_) return;
    noted_ = source;
    code_.note(to_string(filter_[source], source));
  }

  void emit(const ir::Constant& constant) {
    const ir::Place to = registers_.of(constant.to);
    if (const auto* slot = std::get_if<ir::StackSlot>(&to)) {
      code_.store(Size::word, Reg::r10, slot->offset, imm(constant.value));
    } else {
      code_.alu32(Alu::mov, std::get<Reg>(to), imm(constant.value));
    }
  }

  // One of the two is A or X, in a register.
  void emit(const ir::Copy& copy) {
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

  void emit(const ir::Length& length) {
    const Reg to = registers_.reg(length.to);
    if (frame_.frags) return code_.load(Size::word, to, Reg::r10, frame_.length_slot);
    code_.alu64(Alu::mov, to, Reg::r8);
    code_.alu64(Alu::sub, to, Reg::r7);
  }

  void emit(const ir::Compute& compute) {
    const Reg to = registers_.reg(compute.to);
    if (const auto* constant = std::get_if<std::uint32_t>(&compute.operand)) {
      code_.alu32(compute.op, to, imm(*constant));
    } else {
      code_.alu32(compute.op, to, registers_.reg(std::get<Var>(compute.operand)));
    }
  }

  // What is on the stack has been forgotten already (registers.hpp).
  void emit(const ir::Forget& forget) {
    const ir::Place place = registers_.of(forget.var);
    if (const auto* reg = std::get_if<Reg>(&place)) {
      code_.store(Size::word, Reg::r10, stack_.laundry().offset, *reg);
      code_.load(Size::word, *reg, Reg::r10, stack_.laundry().offset);
    }
  }

  void emit_end(const ir::Block& block, BlockId next) {
    if (const auto* branch = std::get_if<ir::Branch>(&block.end)) return emit_branch(*branch, next);
    if (const auto* loop = std::get_if<ir::LoopBack>(&block.end)) {
      burn_unit();
      return code_.jump(labels_[loop->to]);
    }
    go_to(std::get<ir::Jump>(block.end).to, next);
  }

  void go_to(BlockId to, BlockId next) {
    if (to != next || next == ir::kMatch) code_.jump(labels_[to]);
  }

  void emit_branch(const ir::Branch& branch, BlockId next) {
    if (branch.yes == next && next != ir::kMatch && branch.cond != Cond::set) {
      return emit_jump({opposite(branch.cond), branch.left, branch.right, branch.no, branch.yes});
    }
    emit_jump(branch);
    go_to(branch.no, next);
  }

  void emit_jump(const ir::Branch& branch) {
    const Reg left = registers_.reg(branch.left);
    const Label yes = labels_[branch.yes];
    if (const auto* constant = std::get_if<std::uint32_t>(&branch.right)) {
      code_.jump32_if(branch.cond, left, imm(*constant), yes);
    } else {
      code_.jump32_if(branch.cond, left, registers_.reg(std::get<Var>(branch.right)), yes);
    }
  }

  const ir::Graph& graph_;
  const CbpfProgram& filter_;
  std::vector<BlockId> order_;
  ir::ByBlock<Label> labels_;
  std::size_t noted_ = std::numeric_limits<std::size_t>::max();
};

// DirectEmitter reads the linear part.
//
//   R0  A                R3     cursor, or M[i]       R6  context
//   R1  X, or cursor     R4     M[i]                  R7  start of the packet
//   R2  packet's guard   R5     fuel, or M[i]         R8  end of the linear part
class DirectEmitter final : public GraphEmitter {
 public:
  DirectEmitter(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                const FilterFrame& frame, const ir::Registers& registers, Label too_short)
      : GraphEmitter(code, graph, filter, frame, registers, frame.match, frame.no_match),
        too_short_(too_short) {}

 private:
  static constexpr Reg kGuard = Reg::r2;
  static constexpr Reg kFuel = Reg::r5;
  static constexpr Reg kStart = Reg::r7;
  static constexpr Reg kEnd = Reg::r8;

  void emit(const ir::Load& load) override {
    if (load.discard) return;  // its guard is all that was wanted
    const Reg to = registers_.reg(load.to);
    const Reg base = load.base == ir::Base::packet ? kStart : registers_.reg(Var::cursor);
    if (fits_offset(load.offset)) {
      code_.load(size_of(load.bytes), to, base, static_cast<std::int16_t>(load.offset));
    } else {
      code_.alu64(Alu::mov, to, base);
      code_.alu64(Alu::add, to, load.offset);
      code_.load(size_of(load.bytes), to, to, 0);
    }
    to_host_order(load);
  }

  void emit(const ir::Guard& guard) override {
    const Reg pointer = guard.base == ir::Base::packet ? kGuard : registers_.reg(Var::cursor);
    if (guard.reached == 0) make_pointer(guard, pointer);
    code_.alu64(Alu::add, pointer, imm(guard.end - guard.reached));
    code_.jump_if(Cond::gt, pointer, kEnd, too_short_);
  }

  void make_pointer(const ir::Guard& guard, Reg pointer) {
    if (guard.base == ir::Base::packet) return code_.alu64(Alu::mov, pointer, kStart);
    const Reg x = registers_.reg(Var::x);
    if (guard.bound_x) {
      code_.jump_if(Cond::gt, x, imm(ir::kMaxPacketOffset - guard.end), too_short_);
    }
    if (pointer != x) code_.alu64(Alu::mov, pointer, x);
    code_.alu64(Alu::add, pointer, kStart);
  }

  void fill_tank() override { code_.alu64(Alu::mov, kFuel, imm(ir::kMaxBackwardJumps + 1)); }
  void burn_unit() override {
    code_.alu64(Alu::sub, kFuel, 1);
    code_.jump_if(Cond::eq, kFuel, 0, no_match());
  }

  Label too_short_;
};

// HelperEmitter reads through bpf_xdp_load_bytes(ctx, offset, buffer, length).
//
//   R0-R5  lost in each call     R7  X     R6     context
//   stack  M[i], fuel, buffer    R8  A     R9     the surrounding program's own
class HelperEmitter final : public GraphEmitter {
 public:
  using GraphEmitter::GraphEmitter;

 private:
  void emit(const ir::Load& load) override {
    code_.alu64(Alu::mov, Reg::r1, Reg::r6);
    if (load.base == ir::Base::packet) {
      code_.alu64(Alu::mov, Reg::r2, load.offset);
    } else {
      // The helper adds in 32 bits, so an X near 2^32 would come round to the packet's start.
      const Reg x = registers_.reg(Var::x);
      code_.jump_if(Cond::gt, x, imm(ir::kMaxPacketOffset - load.end()), no_match());
      code_.alu64(Alu::mov, Reg::r2, x);
      code_.alu64(Alu::add, Reg::r2, load.offset);
    }
    code_.alu64(Alu::mov, Reg::r3, Reg::r10);
    code_.alu64(Alu::add, Reg::r3, stack_.buffer().offset);
    code_.alu64(Alu::mov, Reg::r4, load.bytes);
    code_.call(BPF_FUNC_xdp_load_bytes);
    code_.jump_if(Cond::ne, Reg::r0, 0, no_match());
    if (load.discard) return;
    code_.load(size_of(load.bytes), registers_.reg(load.to), Reg::r10, stack_.buffer().offset);
    to_host_order(load);
  }

  void emit(const ir::Guard&) override {}

  void fill_tank() override {
    code_.store(Size::dword, Reg::r10, stack_.fuel().offset, imm(ir::kMaxBackwardJumps + 1));
  }
  void burn_unit() override {
    code_.load(Size::dword, Reg::r2, Reg::r10, stack_.fuel().offset);
    code_.alu64(Alu::sub, Reg::r2, 1);
    code_.jump_if(Cond::eq, Reg::r2, 0, no_match());
    code_.store(Size::dword, Reg::r10, stack_.fuel().offset, Reg::r2);
  }
};

// R7 and R8 as the surrounding program wants them back.
void restore_packet_pointers(Assembler& code) {
  code.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
}

}  // namespace

void emit_direct(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                 const FilterFrame& frame, Label too_short) {
  const auto registers = ir::Registers::direct(graph, ir::StackFrame(frame.stack_top));
  DirectEmitter(code, graph, filter, frame, registers, too_short).emit_blocks();
}

void emit_through_helper(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                         const FilterFrame& frame) {
  // Without fragments, the packet is too short indeed.
  code.alu64(Alu::mov, Reg::r0, Reg::r8);
  code.alu64(Alu::sub, Reg::r0, Reg::r7);
  code.load(Size::word, Reg::r1, Reg::r10, frame.length_slot);
  code.jump_if(Cond::eq, Reg::r0, Reg::r1, frame.no_match);

  const auto registers = ir::Registers::through_helper(ir::StackFrame(frame.stack_top));
  const Label match = code.label();
  const Label no_match = code.label();
  HelperEmitter(code, graph, filter, frame, registers, match, no_match).emit_blocks();
  code.bind(match);
  restore_packet_pointers(code);
  code.jump(frame.match);
  code.bind(no_match);
  restore_packet_pointers(code);
  code.jump(frame.no_match);
}

}  // namespace xdpcap
