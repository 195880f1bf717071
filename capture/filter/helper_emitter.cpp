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

// HelperEmitter reads through a helper.
//
//   R0-R5  clobbered by calls     R7  X     R6     context
//   stack  M[i], budget, buffer   R8  A     R9     the surrounding program's own
class HelperEmitter : public GraphEmitter {
 public:
  using GraphEmitter::GraphEmitter;

 protected:
  // Reads into the buffer. If it cannot, it rejects the packet.
  virtual void read(const ir::Load& load) = 0;

  void point_to_buffer(Reg reg) {
    code().alu64(Alu::mov, reg, Reg::r10);
    code().alu64(Alu::add, reg, stack().buffer().offset);
  }
  // bpf_xdp_load_bytes() adds in 32 bits, so an X near 2^32 would wrap around to the packet's
  // start; and no filter may read further (ir.hpp).
  void bound_x(const ir::Load& load) {
    code().jump_if(Cond::gt, reg(Var::x), imm(ir::kMaxPacketOffset - load.end()), no_match());
  }
  void call(bpf_func_id helper) {
    code().call(helper);
    code().jump_if(Cond::ne, Reg::r0, 0, no_match());
  }

 private:
  void emit(const ir::Load& load) override {
    read(load);
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

// By bpf_xdp_load_bytes(ctx, offset, buffer, length).
class XdpLoadEmitter final : public HelperEmitter {
 public:
  using HelperEmitter::HelperEmitter;

 private:
  void read(const ir::Load& load) override {
    code().alu64(Alu::mov, Reg::r1, Reg::r6);
    if (load.base == ir::Base::packet) {
      code().alu64(Alu::mov, Reg::r2, load.offset);
    } else {
      bound_x(load);
      code().alu64(Alu::mov, Reg::r2, reg(Var::x));
      code().alu64(Alu::add, Reg::r2, load.offset);
    }
    point_to_buffer(Reg::r3);
    code().alu64(Alu::mov, Reg::r4, load.bytes);
    call(BPF_FUNC_xdp_load_bytes);
  }
};

// By bpf_probe_read_kernel(buffer, length, address).
class ProbeEmitter final : public HelperEmitter {
 public:
  ProbeEmitter(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
               const FilterFrame& frame, const ir::Registers& registers)
      : HelperEmitter(code, graph, filter, frame, registers, frame.match, frame.no_match),
        bounds_slot_(frame.bounds_slot) {}

 private:
  void read(const ir::Load& load) override {
    if (load.base == ir::Base::x) bound_x(load);
    code().load(Size::dword, Reg::r3, Reg::r10, bounds_slot_);
    if (load.base == ir::Base::x) code().alu64(Alu::add, Reg::r3, reg(Var::x));
    code().alu64(Alu::add, Reg::r3, load.offset);
    code().load(Size::dword, Reg::r2, Reg::r10, static_cast<std::int16_t>(bounds_slot_ + 8));
    code().alu64(Alu::mov, Reg::r1, Reg::r3);
    code().alu64(Alu::add, Reg::r1, load.bytes);
    code().jump_if(Cond::gt, Reg::r1, Reg::r2, no_match());
    point_to_buffer(Reg::r1);
    code().alu64(Alu::mov, Reg::r2, load.bytes);
    call(BPF_FUNC_probe_read_kernel);
  }

  std::int16_t bounds_slot_;
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
  XdpLoadEmitter(code, graph, filter, frame, registers, match, no_match).emit_blocks();
  code.bind(match);
  restore_packet_pointers(code);
  code.jump(frame.match);
  code.bind(no_match);
  restore_packet_pointers(code);
  code.jump(frame.no_match);
}

void emit_by_probing(Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                     const FilterFrame& frame) {
  const auto registers = ir::Registers::through_helper(ir::StackFrame(frame.stack_top));
  ProbeEmitter(code, graph, filter, frame, registers).emit_blocks();
}

}  // namespace xdpcap
