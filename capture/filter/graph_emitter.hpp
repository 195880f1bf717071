// SPDX-License-Identifier: BSD-3-Clause
// What both backends have in common.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"
#include "filter/codegen.hpp"
#include "filter/ir.hpp"
#include "filter/registers.hpp"

namespace xdpcap {

// GraphEmitter emits the blocks in order, and all operations that do not read the packet.
class GraphEmitter {
 public:
  // The notes beside the instructions quote `filter`. It, `graph`, `frame` and `registers` must
  // outlive this.
  GraphEmitter(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
               const FilterFrame& frame, const ir::Registers& registers, ebpf::Label match,
               ebpf::Label no_match);
  GraphEmitter(const GraphEmitter&) = delete;
  GraphEmitter& operator=(const GraphEmitter&) = delete;
  GraphEmitter(GraphEmitter&&) = delete;
  GraphEmitter& operator=(GraphEmitter&&) = delete;
  virtual ~GraphEmitter() = default;

  void emit_blocks();

 protected:
  virtual void emit(const ir::Load& load) = 0;
  virtual void emit(const ir::Guard& guard) = 0;
  // The iteration budget: kMaxBackwardJumps.
  virtual void emit_budget() = 0;
  virtual void emit_backward_jump_check() = 0;  // rejects the packet if the budget is used up

  static ebpf::Size size_of(std::uint8_t bytes);
  // The bits of a constant as an eBPF immediate, which is signed.
  static std::int32_t imm(std::uint32_t value) { return static_cast<std::int32_t>(value); }

  void to_host_order(const ir::Load& load);
  [[nodiscard]] ebpf::Label no_match() const { return labels_[ir::kNoMatch]; }
  [[nodiscard]] ebpf::Assembler& code() { return code_; }
  [[nodiscard]] ebpf::Reg reg(ir::Var var) const { return registers_.reg(var); }
  [[nodiscard]] const ir::StackFrame& stack() const { return stack_; }

 private:
  // Quotes a classic instruction at the first eBPF instruction that comes from it.
  void note(std::size_t source);
  void emit(const ir::Constant& constant);
  void emit(const ir::Copy& copy);
  void emit(const ir::Length& length);
  void emit(const ir::Compute& compute);
  void emit(const ir::Scrub& scrub);
  // `next` is the block that is emitted next; kMatch after the last one.
  void emit_end(const ir::Block& block, ir::BlockId next);
  void emit_branch(const ir::Branch& branch, ir::BlockId next);
  void emit_jump(const ir::Branch& branch);
  void go_to(ir::BlockId to, ir::BlockId next);

  ebpf::Assembler& code_;
  const FilterFrame& frame_;
  ir::StackFrame stack_;
  const ir::Registers& registers_;
  const ir::Graph& graph_;
  const CbpfProgram& filter_;
  std::vector<ir::BlockId> order_;
  ir::ByBlock<std::size_t> predecessors_;
  ir::ByBlock<ebpf::Label> labels_;
  std::size_t noted_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace xdpcap
