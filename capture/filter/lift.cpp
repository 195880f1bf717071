// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF to IR.
#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "filter/ir.hpp"

namespace xdpcap::ir {
namespace {

bool is_jump(const CbpfInstruction& insn) {
  return BPF_CLASS(insn.code) == BPF_JMP;
}

std::uint8_t load_bytes(std::uint16_t code) {
  switch (BPF_SIZE(code)) {
    case BPF_W:
      return 4;
    case BPF_H:
      return 2;
    default:
      return 1;
  }
}

class Lifter {
 public:
  Lifter(const CbpfProgram& filter, std::uint32_t packet_start)
      : filter_(filter), packet_start_(packet_start), starts_(filter.size(), kNoMatch) {}

  Graph lift() {
    make_blocks();
    make_entry();
    for (position_ = 0; position_ < filter_.size(); ++position_) {
      if (starts_[position_] != kNoMatch) enter_block();
      if (open_) lift_instruction(filter_[position_]);
    }
    return std::move(graph_);
  }

 private:
  // A block for each instruction that is a jump's target or follows a jump.
  void make_blocks() {
    const auto start = [this](std::size_t position) {
      if (position < starts_.size() && starts_[position] == kNoMatch) {
        starts_[position] = graph_.add();
      }
    };
    start(0);
    for (std::size_t at = 0; at < filter_.size(); ++at) {
      const CbpfInstruction& insn = filter_[at];
      if (!is_jump(insn)) continue;
      if (BPF_OP(insn.code) == BPF_JA) {
        start(jump_target(insn, at));
      } else {
        start(at + 1 + insn.jt);
        start(at + 1 + insn.jf);
      }
    }
  }

  // A, X and scratch memory start at 0, as in libpcap. Those that are never read cost nothing: they
  // are dead code.
  void make_entry() {
    graph_.entry = graph_.add();
    Block& entry = graph_[graph_.entry];
    for (std::size_t var = 0; var < static_cast<std::size_t>(Var::cursor); ++var) {
      entry.ops.push_back({Constant{static_cast<Var>(var), 0}, 0});
    }
    entry.end = Jump{packet_start_ > kMaxPacketOffset ? kNoMatch : starts_[0]};
    if (packet_start_ == 0) return;
    const auto last_hidden = static_cast<std::int32_t>(packet_start_ - 1);
    entry.ops.push_back(
        {Load{.base = Base::packet, .offset = last_hidden, .bytes = 1, .discard = true}, 0});
  }

  void enter_block() {
    const BlockId next = starts_[position_];
    if (open_) finish(Jump{next});
    block_ = next;
    open_ = true;
  }

  template <class What>
  void add(What what) {
    graph_[block_].ops.push_back({what, position_});
  }
  template <class End>
  void finish(End end) {
    graph_[block_].end = end;
    graph_[block_].source = position_;
    open_ = false;
  }
  // Ends the block with a branch that has `next` as one target, and continues there.
  void branch_over(const Branch& branch, BlockId next) {
    finish(branch);
    block_ = next;
    open_ = true;
  }

  void lift_instruction(const CbpfInstruction& insn) {
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
        return lift_load(insn, Var::a);
      case BPF_LDX:
        return lift_load(insn, Var::x);
      case BPF_ST:
        return add(Copy{scratch(insn.k), Var::a});
      case BPF_STX:
        return add(Copy{scratch(insn.k), Var::x});
      case BPF_ALU:
        return lift_alu(insn);
      case BPF_JMP:
        return lift_jump(insn);
      case BPF_RET:
        return lift_return(insn);
      default:
        if (BPF_MISCOP(insn.code) == BPF_TAX) return add(Copy{Var::x, Var::a});
        return add(Copy{Var::a, Var::x});
    }
  }

  void lift_load(const CbpfInstruction& insn, Var to) {
    switch (BPF_MODE(insn.code)) {
      case BPF_IMM:
        return add(Constant{to, insn.k});
      case BPF_MEM:
        return add(Copy{to, scratch(insn.k)});
      case BPF_LEN:
        add(Length{to});
        if (packet_start_ != 0) add(Compute{Alu::sub, to, packet_start_});
        return;
      case BPF_MSH:  // X = 4 * (the low four bits): the length of an IPv4 header
        if (!lift_packet_load(Base::packet, insn.k, 1, to)) return;
        add(Compute{Alu::bit_and, to, 0xFU});
        return add(Compute{Alu::lsh, to, 2U});
      default:
        const Base base = BPF_MODE(insn.code) == BPF_IND ? Base::x : Base::packet;
        lift_packet_load(base, insn.k, load_bytes(insn.code), to);
    }
  }

  // False if the load can never succeed: the packet is rejected there.
  bool lift_packet_load(Base base, std::uint32_t offset, std::uint8_t bytes, Var to) {
    const std::uint64_t start = std::uint64_t{packet_start_} + offset;
    if (start + bytes > kMaxPacketOffset) {
      finish(Jump{kNoMatch});
      return false;
    }
    add(Load{.base = base, .offset = static_cast<std::int32_t>(start), .bytes = bytes, .to = to});
    return true;
  }

  void lift_alu(const CbpfInstruction& insn) {
    const auto op = static_cast<Alu>(BPF_OP(insn.code));
    if (op == Alu::neg) return add(Compute{Alu::neg, Var::a, 0U});
    if (BPF_SRC(insn.code) == BPF_K) return add(Compute{op, Var::a, insn.k});
    if (op == Alu::lsh || op == Alu::rsh) return lift_shift_by_x(op);
    if (op == Alu::div || op == Alu::mod) {
      const BlockId divide = graph_.add();
      branch_over({Cond::eq, Var::x, 0U, kNoMatch, divide}, divide);
    }
    add(Compute{op, Var::a, Var::x});
  }

  // eBPF takes the shift count modulo the register's width; in libpcap a shift by 32 or more is 0.
  void lift_shift_by_x(Alu op) {
    const BlockId shift = graph_.add();
    const BlockId clear = graph_.add();
    const BlockId after = graph_.add();
    branch_over({Cond::ge, Var::x, 32U, clear, shift}, shift);
    add(Compute{op, Var::a, Var::x});
    finish(Jump{after});
    block_ = clear;
    add(Constant{Var::a, 0});
    finish(Jump{after});
    block_ = after;
    open_ = true;
  }

  void lift_jump(const CbpfInstruction& insn) {
    if (BPF_OP(insn.code) == BPF_JA) {
      const std::size_t target = jump_target(insn, position_);
      if (target > position_) return finish(Jump{starts_[target]});
      return lift_jump_back(starts_[target]);
    }
    const Operand right = BPF_SRC(insn.code) == BPF_K ? Operand{insn.k} : Operand{Var::x};
    finish(Branch{static_cast<Cond>(BPF_OP(insn.code)), Var::a, right,
                  starts_[position_ + 1 + insn.jt], starts_[position_ + 1 + insn.jf]});
  }

  // Each path through a loop's body leaves other bounds on the variables, and each set of bounds
  // would be a state of its own to the verifier: 2^64 of them. So the variables are scrubbed.
  void lift_jump_back(BlockId target) {
    for (std::size_t var = 0; var < static_cast<std::size_t>(Var::cursor); ++var) {
      add(Scrub{static_cast<Var>(var)});
    }
    graph_.has_loops = true;
    finish(LoopBack{target});
  }

  void lift_return(const CbpfInstruction& insn) {
    if (BPF_RVAL(insn.code) == BPF_A) return finish(Branch{Cond::ne, Var::a, 0U, kMatch, kNoMatch});
    finish(Jump{insn.k != 0 ? kMatch : kNoMatch});
  }

  const CbpfProgram& filter_;
  std::uint32_t packet_start_;
  Graph graph_;
  std::vector<BlockId> starts_;  // by position; kNoMatch if no block starts there
  std::size_t position_ = 0;
  BlockId block_ = kNoMatch;  // the one being filled
  bool open_ = false;         // block_ has no end yet
};

}  // namespace

Graph lift(const CbpfProgram& filter, std::uint32_t packet_start) {
  return Lifter(filter, packet_start).lift();
}

}  // namespace xdpcap::ir
