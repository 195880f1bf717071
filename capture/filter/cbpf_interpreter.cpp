// SPDX-License-Identifier: BSD-3-Clause
#include "filter/cbpf_interpreter.hpp"

#include <linux/filter.h>

#include <array>
#include <optional>

#include "filter/ir.hpp"

namespace xdpcap {
namespace {

std::size_t load_bytes(std::uint16_t code) {
  return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

class Run {
 public:
  Run(const CbpfProgram& filter, std::span<const std::byte> packet)
      : filter_(filter), packet_(packet) {}

  CbpfVerdict to_its_end() {
    std::optional<CbpfVerdict> verdict;
    while (!verdict) verdict = step();
    return *verdict;
  }

 private:
  static constexpr std::nullopt_t kGoOn = std::nullopt;

  std::optional<CbpfVerdict> step() {
    const CbpfInstruction& insn = filter_[position_++];
    switch (BPF_CLASS(insn.code)) {
      case BPF_LD:
        return load(insn, a_);
      case BPF_LDX:
        return load(insn, x_);
      case BPF_ST:
        scratch_.at(insn.k) = a_;
        return kGoOn;
      case BPF_STX:
        scratch_.at(insn.k) = x_;
        return kGoOn;
      case BPF_ALU:
        return compute(BPF_OP(insn.code), operand(insn));
      case BPF_JMP:
        return jump(insn);
      case BPF_RET:
        return (BPF_RVAL(insn.code) == BPF_A ? a_ : insn.k) != 0 ? CbpfVerdict::match
                                                                 : CbpfVerdict::no_match;
      default:
        if (BPF_MISCOP(insn.code) == BPF_TAX) {
          x_ = a_;
        } else {
          a_ = x_;
        }
        return kGoOn;
    }
  }

  [[nodiscard]] std::uint32_t operand(const CbpfInstruction& insn) const {
    return BPF_SRC(insn.code) == BPF_X ? x_ : insn.k;
  }

  std::optional<CbpfVerdict> load(const CbpfInstruction& insn, std::uint32_t& to) {
    switch (BPF_MODE(insn.code)) {
      case BPF_IMM:
        to = insn.k;
        return kGoOn;
      case BPF_MEM:
        to = scratch_.at(insn.k);
        return kGoOn;
      case BPF_LEN:
        to = static_cast<std::uint32_t>(packet_.size());
        return kGoOn;
      case BPF_IND:
        return load_packet(std::uint64_t{x_} + insn.k, load_bytes(insn.code), to);
      case BPF_MSH: {
        const auto end = load_packet(insn.k, 1, to);
        to = (to & 0xFU) * 4;
        return end;
      }
      default:
        return load_packet(insn.k, load_bytes(insn.code), to);
    }
  }

  std::optional<CbpfVerdict> load_packet(std::uint64_t offset, std::size_t bytes,
                                         std::uint32_t& to) {
    if (offset + bytes > packet_.size() || offset + bytes > ir::kMaxPacketOffset) {
      return CbpfVerdict::no_match;
    }
    to = 0;
    for (const std::byte byte : packet_.subspan(offset, bytes)) {
      to = to << 8 | std::to_integer<std::uint32_t>(byte);
    }
    return kGoOn;
  }

  std::optional<CbpfVerdict> compute(unsigned op, std::uint32_t right) {
    switch (op) {
      case BPF_ADD:
        a_ += right;
        break;
      case BPF_SUB:
        a_ -= right;
        break;
      case BPF_MUL:
        a_ *= right;
        break;
      case BPF_DIV:
        if (right == 0) return CbpfVerdict::no_match;
        a_ /= right;
        break;
      case BPF_MOD:
        if (right == 0) return CbpfVerdict::no_match;
        a_ %= right;
        break;
      case BPF_OR:
        a_ |= right;
        break;
      case BPF_AND:
        a_ &= right;
        break;
      case BPF_XOR:
        a_ ^= right;
        break;
      case BPF_LSH:
        a_ = right < 32 ? a_ << right : 0;
        break;
      case BPF_RSH:
        a_ = right < 32 ? a_ >> right : 0;
        break;
      default:
        a_ = 0U - a_;
        break;
    }
    return kGoOn;
  }

  std::optional<CbpfVerdict> jump(const CbpfInstruction& insn) {
    if (BPF_OP(insn.code) != BPF_JA) {
      position_ += holds(BPF_OP(insn.code), operand(insn)) ? insn.jt : insn.jf;
      return kGoOn;
    }
    const std::size_t here = position_ - 1;
    position_ = jump_target(insn, here);
    if (position_ > here || ++backward_jumps_ <= ir::kMaxBackwardJumps) return kGoOn;
    return CbpfVerdict::endless;
  }

  [[nodiscard]] bool holds(unsigned condition, std::uint32_t right) const {
    switch (condition) {
      case BPF_JEQ:
        return a_ == right;
      case BPF_JGT:
        return a_ > right;
      case BPF_JGE:
        return a_ >= right;
      default:
        return (a_ & right) != 0;
    }
  }

  const CbpfProgram& filter_;
  std::span<const std::byte> packet_;
  std::size_t position_ = 0;
  std::uint32_t a_ = 0;
  std::uint32_t x_ = 0;
  std::array<std::uint32_t, kCbpfScratchWords> scratch_{};
  std::uint32_t backward_jumps_ = 0;
};

}  // namespace

CbpfVerdict run_cbpf(const CbpfProgram& filter, std::span<const std::byte> packet) {
  return Run(filter, packet).to_its_end();
}

}  // namespace xdpcap
