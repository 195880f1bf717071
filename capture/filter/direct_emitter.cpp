// SPDX-License-Identifier: BSD-3-Clause
#include <cstdint>
#include <limits>

#include "filter/emitters.hpp"
#include "filter/graph_emitter.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ir::Var;

bool fits_offset(std::int32_t offset) {
  return offset >= std::numeric_limits<std::int16_t>::min() &&
         offset <= std::numeric_limits<std::int16_t>::max();
}

// DirectEmitter reads the linear part.
//
//   R0  A                R3     cursor, if not in R1  R6  context
//   R1  X, or cursor     R5     backward jumps left   R7  start of the packet
//   R2  packet's guard   stack  M[i]                  R8  end of the linear part
class DirectEmitter final : public GraphEmitter {
 public:
  DirectEmitter(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                const FilterFrame& frame, const ir::Registers& registers, Label too_short)
      : GraphEmitter(code, graph, filter, frame, registers, frame.match, frame.no_match),
        too_short_(too_short) {}

 private:
  static constexpr Reg kGuard = Reg::r2;
  static constexpr Reg kBudget = Reg::r5;
  static constexpr Reg kStart = Reg::r7;
  static constexpr Reg kEnd = Reg::r8;

  void emit(const ir::Load& load) override {
    if (load.discard) return;  // only its guard is needed
    const Reg to = reg(load.to);
    const Reg base = load.base == ir::Base::packet ? kStart : reg(Var::cursor);
    if (fits_offset(load.offset)) {
      code().load(size_of(load.bytes), to, base, static_cast<std::int16_t>(load.offset));
    } else {
      code().alu64(Alu::mov, to, base);
      code().alu64(Alu::add, to, load.offset);
      code().load(size_of(load.bytes), to, to, 0);
    }
    to_host_order(load);
  }

  void emit(const ir::Guard& guard) override {
    const Reg pointer = guard.base == ir::Base::packet ? kGuard : reg(Var::cursor);
    if (guard.reached == 0) make_pointer(guard, pointer);
    code().alu64(Alu::add, pointer, imm(guard.end - guard.reached));
    code().jump_if(Cond::gt, pointer, kEnd, too_short_);
  }

  void make_pointer(const ir::Guard& guard, Reg pointer) {
    if (guard.base == ir::Base::packet) return code().alu64(Alu::mov, pointer, kStart);
    const Reg x = reg(Var::x);
    if (guard.bound_x) {
      code().jump_if(Cond::gt, x, imm(ir::kMaxPacketOffset - guard.end), too_short_);
    }
    if (pointer != x) code().alu64(Alu::mov, pointer, x);
    code().alu64(Alu::add, pointer, kStart);
  }

  void emit_budget() override { code().alu64(Alu::mov, kBudget, imm(ir::kMaxBackwardJumps + 1)); }
  void emit_backward_jump_check() override {
    code().alu64(Alu::sub, kBudget, 1);
    code().jump_if(Cond::eq, kBudget, 0, no_match());
  }

  Label too_short_;
};

}  // namespace

void emit_direct(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                 const FilterFrame& frame, Label too_short) {
  const auto registers = ir::Registers::direct(graph, ir::StackFrame(frame.stack_top));
  DirectEmitter(code, graph, filter, frame, registers, too_short).emit_blocks();
}

}  // namespace xdpcap
