// SPDX-License-Identifier: BSD-3-Clause
#include <cstddef>

#include "filter/emitters.hpp"
#include "filter/graph_emitter.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
using ir::Var;

// HelperEmitter reads through bpf_xdp_load_bytes(ctx, offset, buffer, length).
//
//   R0-R5  clobbered by calls     R7  X     R6     context
//   stack  M[i], budget, buffer   R8  A     R9     the surrounding program's own
class HelperEmitter final : public GraphEmitter {
 public:
  using GraphEmitter::GraphEmitter;

 private:
  void emit(const ir::Load& load) override {
    code().alu64(Alu::mov, Reg::r1, Reg::r6);
    if (load.base == ir::Base::packet) {
      code().alu64(Alu::mov, Reg::r2, load.offset);
    } else {
      // The helper adds in 32 bits, so an X near 2^32 would wrap around to the packet's start.
      const Reg x = reg(Var::x);
      code().jump_if(Cond::gt, x, imm(ir::kMaxPacketOffset - load.end()), no_match());
      code().alu64(Alu::mov, Reg::r2, x);
      code().alu64(Alu::add, Reg::r2, load.offset);
    }
    code().alu64(Alu::mov, Reg::r3, Reg::r10);
    code().alu64(Alu::add, Reg::r3, stack().buffer().offset);
    code().alu64(Alu::mov, Reg::r4, load.bytes);
    code().call(BPF_FUNC_xdp_load_bytes);
    code().jump_if(Cond::ne, Reg::r0, 0, no_match());
    if (load.discard) return;
    code().load(size_of(load.bytes), reg(load.to), Reg::r10, stack().buffer().offset);
    to_host_order(load);
  }

  void emit(const ir::Guard&) override {}

  void emit_budget() override {
    code().store(Size::dword, Reg::r10, stack().jump_budget().offset,
                 imm(ir::kMaxBackwardJumps + 1));
  }
  void emit_backward_jump_check() override {
    code().load(Size::dword, Reg::r2, Reg::r10, stack().jump_budget().offset);
    code().alu64(Alu::sub, Reg::r2, 1);
    code().jump_if(Cond::eq, Reg::r2, 0, no_match());
    code().store(Size::dword, Reg::r10, stack().jump_budget().offset, Reg::r2);
  }
};

// Restores R7 and R8 for the surrounding program.
void restore_packet_pointers(Assembler& code) {
  code.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
}

}  // namespace

void emit_through_helper(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                         const FilterFrame& frame) {
  // Without fragments, the packet really is too short.
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
