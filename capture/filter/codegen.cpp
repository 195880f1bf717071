// SPDX-License-Identifier: BSD-3-Clause
#include "filter/codegen.hpp"

#include <linux/filter.h>

#include <string>
#include <utility>
#include <vector>

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

// The verifier follows no packet pointer further than this (MAX_PACKET_OFF in
// kernel/bpf/verifier.c), and bpf_xdp_load_bytes() none either: a byte behind it cannot be read,
// and rejects.
constexpr std::uint32_t kMaxPacketOffset = 0xFFFF;

// libpcap's bpf_filter() gives up after as many jumps backwards (MAX_BACKWARD_JUMPS).
constexpr std::int32_t kMaxBackwardJumps = 64;

std::vector<bool> reachable(const CbpfProgram& filter) {
  std::vector<bool> seen(filter.size());
  std::vector<std::size_t> work{0};
  while (!work.empty()) {
    const std::size_t at = work.back();
    work.pop_back();
    if (at >= filter.size() || seen[at]) continue;
    seen[at] = true;
    const CbpfInstruction& insn = filter[at];
    if (BPF_CLASS(insn.code) == BPF_RET) continue;
    if (BPF_CLASS(insn.code) != BPF_JMP) {
      work.push_back(at + 1);
    } else if (BPF_OP(insn.code) == BPF_JA) {
      work.push_back(jump_target(insn, at));
    } else {
      work.push_back(at + 1 + insn.jt);
      work.push_back(at + 1 + insn.jf);
    }
  }
  return seen;
}

// Emits one copy of the filter.
//
//   where     direct: from the linear part           through the helper: from the whole packet
//   A         R0                                     R8   (the helper call spares R6-R9;
//   X         R1                                     R7    R7 and R8 are loaded again at the end)
//   scratch   R2                                     R1-R5
//   fuel      R5, jumps backwards that are left      stack
//   M[i]      stack                                  stack
class Emitter {
 public:
  Emitter(Assembler& code, const CbpfProgram& filter, const FilterFrame& frame, bool helper,
          Label out_of_bounds)
      : code_(code),
        filter_(filter),
        frame_(frame),
        helper_(helper),
        fail_(out_of_bounds),
        match_(code.label()),
        no_match_(code.label()),
        a_(helper ? Reg::r8 : Reg::r0),
        x_(helper ? Reg::r7 : Reg::r1) {}

  void emit() {
    const std::vector<bool> live = reachable(filter_);
    for (std::size_t i = 0; i < filter_.size(); ++i) labels_.push_back(code_.label());
    code_.alu32(Alu::mov, a_, 0);
    code_.alu32(Alu::mov, x_, 0);
    for (std::uint32_t i = 0; i < kCbpfScratchWords; ++i)
      code_.store(Size::word, Reg::r10, m(i), 0);
    code_.store(Size::dword, Reg::r10, fuel(), kMaxBackwardJumps);
    // Never taken. The verifier refuses code that no jump leads to, and a filter need not use each.
    for (const Label label : {match_, no_match_, fail_}) code_.jump32_if(Cond::ne, a_, 0, label);
    for (std::size_t i = 0; i < filter_.size(); ++i) {
      code_.bind(labels_[i]);
      if (!live[i]) continue;
      code_.note(to_string(filter_[i], i));
      emit(filter_[i], i);
    }
    leave(match_, frame_.match);
    leave(no_match_, frame_.no_match);
  }

 private:
  [[nodiscard]] std::int16_t m(std::uint32_t i) const {
    return static_cast<std::int16_t>(frame_.stack_top - 4 * static_cast<int>(i + 1));
  }
  [[nodiscard]] std::int16_t fuel() const { return static_cast<std::int16_t>(m(15) - 8); }
  [[nodiscard]] std::int16_t buffer() const { return static_cast<std::int16_t>(m(15) - 16); }

  void leave(Label here, Label there) {
    code_.bind(here);
    if (helper_) {
      code_.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
      code_.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
    }
    code_.jump(there);
  }

  void emit(const CbpfInstruction& insn, std::size_t at) {
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
      case BPF_LDX:
        return emit_load(insn);
      case BPF_ST:
        return code_.store(Size::word, Reg::r10, m(insn.k), a_);
      case BPF_STX:
        return code_.store(Size::word, Reg::r10, m(insn.k), x_);
      case BPF_ALU:
        return emit_alu(insn);
      case BPF_JMP:
        return emit_jump(insn, at);
      case BPF_RET:
        if (BPF_RVAL(insn.code) == BPF_K) return code_.jump(insn.k != 0 ? match_ : no_match_);
        code_.jump32_if(Cond::ne, a_, 0, match_);
        return code_.jump(no_match_);
      default:
        if (BPF_MISCOP(insn.code) == BPF_TAX) return code_.alu32(Alu::mov, x_, a_);
        return code_.alu32(Alu::mov, a_, x_);
    }
  }

  void emit_load(const CbpfInstruction& insn) {
    const Reg dst = BPF_CLASS(insn.code) == BPF_LD ? a_ : x_;
    const int bytes = BPF_SIZE(insn.code) == BPF_W ? 4 : BPF_SIZE(insn.code) == BPF_H ? 2 : 1;
    switch (BPF_MODE(insn.code)) {
      case BPF_IMM:
        return code_.alu32(Alu::mov, dst, static_cast<std::int32_t>(insn.k));
      case BPF_MEM:
        return code_.load(Size::word, dst, Reg::r10, m(insn.k));
      case BPF_LEN:
        if (frame_.frags) return code_.load(Size::word, dst, Reg::r10, frame_.length_slot);
        code_.alu64(Alu::mov, dst, Reg::r8);
        return code_.alu64(Alu::sub, dst, Reg::r7);
      case BPF_MSH:
        emit_packet_load(dst, insn.k, 1, false);
        code_.alu32(Alu::bit_and, dst, 0xF);
        return code_.alu32(Alu::lsh, dst, 2);
      default:
        return emit_packet_load(dst, insn.k, bytes, BPF_MODE(insn.code) == BPF_IND);
    }
  }

  void emit_packet_load(Reg dst, std::uint32_t offset, int bytes, bool indirect) {
    const std::uint64_t end = std::uint64_t{offset} + static_cast<unsigned>(bytes);
    if (end > kMaxPacketOffset) {
      // Always taken, but no plain jump: the verifier refuses code that nothing leads to.
      code_.alu32(Alu::mov, dst, 0);
      return code_.jump32_if(Cond::eq, dst, 0, no_match_);
    }
    const Size size = bytes == 4 ? Size::word : bytes == 2 ? Size::half : Size::byte;
    if (indirect) {
      code_.alu64(Alu::mov, Reg::r2, x_);
      code_.jump_if(Cond::gt, Reg::r2, static_cast<std::int32_t>(kMaxPacketOffset - end), fail_);
    } else {
      code_.alu64(Alu::mov, Reg::r2, 0);
    }
    if (helper_) {
      code_.alu64(Alu::add, Reg::r2, static_cast<std::int32_t>(offset));
      code_.alu64(Alu::mov, Reg::r1, Reg::r6);
      code_.alu64(Alu::mov, Reg::r3, Reg::r10);
      code_.alu64(Alu::add, Reg::r3, buffer());
      code_.alu64(Alu::mov, Reg::r4, bytes);
      code_.call(BPF_FUNC_xdp_load_bytes);
      code_.jump_if(Cond::ne, Reg::r0, 0, fail_);
      code_.load(size, dst, Reg::r10, buffer());
    } else {
      code_.alu64(Alu::add, Reg::r2, Reg::r7);
      code_.alu64(Alu::add, Reg::r2, static_cast<std::int32_t>(end));
      code_.jump_if(Cond::gt, Reg::r2, Reg::r8, fail_);
      code_.load(size, dst, Reg::r2, static_cast<std::int16_t>(-bytes));
    }
    if (bytes > 1) code_.be(dst, bytes * 8);
  }

  void emit_alu(const CbpfInstruction& insn) {
    const auto op = static_cast<Alu>(BPF_OP(insn.code));
    if (op == Alu::neg) return code_.alu32(Alu::neg, a_, 0);
    const bool shift = op == Alu::lsh || op == Alu::rsh;
    const bool divide = op == Alu::div || op == Alu::mod;
    if (BPF_SRC(insn.code) == BPF_K) {
      if (shift && insn.k >= 32) return code_.alu32(Alu::mov, a_, 0);
      return code_.alu32(op, a_, static_cast<std::int32_t>(insn.k));
    }
    if (divide) code_.jump32_if(Cond::eq, x_, 0, no_match_);
    if (!shift) return code_.alu32(op, a_, x_);
    const Label small = code_.label();
    const Label done = code_.label();
    code_.jump32_if(Cond::lt, x_, 32, small);
    code_.alu32(Alu::mov, a_, 0);
    code_.jump(done);
    code_.bind(small);
    code_.alu32(op, a_, x_);
    code_.bind(done);
  }

  void emit_jump(const CbpfInstruction& insn, std::size_t at) {
    if (BPF_OP(insn.code) == BPF_JA) {
      const std::size_t target = jump_target(insn, at);
      if (target <= at) emit_fuel();
      return code_.jump(labels_[target]);
    }
    const auto cond = static_cast<Cond>(BPF_OP(insn.code));
    const Label yes = labels_[at + 1 + insn.jt];
    if (BPF_SRC(insn.code) == BPF_K) {
      code_.jump32_if(cond, a_, static_cast<std::int32_t>(insn.k), yes);
    } else {
      code_.jump32_if(cond, a_, x_, yes);
    }
    code_.jump(labels_[at + 1 + insn.jf]);
  }

  // A jump backwards costs one unit of fuel, so that the verifier sees an end.
  void emit_fuel() {
    code_.load(Size::dword, Reg::r2, Reg::r10, fuel());
    code_.jump_if(Cond::eq, Reg::r2, 0, no_match_);
    code_.alu64(Alu::sub, Reg::r2, 1);
    code_.store(Size::dword, Reg::r10, fuel(), Reg::r2);
    // Through memory, in a word that is not where the verifier tracks spilled registers, so that it
    // forgets what it knew of X: each way through the loop would be a state of its own otherwise.
    code_.store(Size::word, Reg::r10, static_cast<std::int16_t>(buffer() + 4), x_);
    code_.load(Size::word, x_, Reg::r10, static_cast<std::int16_t>(buffer() + 4));
  }

  Assembler& code_;
  const CbpfProgram& filter_;
  const FilterFrame& frame_;
  bool helper_;
  Label fail_;  // a load is out of bounds
  Label match_, no_match_;
  Reg a_, x_;
  std::vector<Label> labels_;
};

}  // namespace

void emit_filter(Assembler& code, const CbpfProgram& filter, const FilterFrame& frame) {
  if (!frame.frags) return Emitter(code, filter, frame, false, frame.no_match).emit();
  // A filter changes nothing, so one that meets the end of the linear part may start again and
  // read through the helper.
  const Label again = code.label();
  Emitter(code, filter, frame, false, again).emit();
  code.bind(again);
  const Label out_of_bounds = code.label();
  Emitter slow(code, filter, frame, true, out_of_bounds);
  slow.emit();
  code.bind(out_of_bounds);
  code.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
  code.jump(frame.no_match);
}

}  // namespace xdpcap
