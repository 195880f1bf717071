// SPDX-License-Identifier: BSD-3-Clause
#include "ebpf/disassembler.hpp"

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>

namespace xdpcap::ebpf {
namespace {

constexpr bpf_insn kNothing{};

bool is_wide(const bpf_insn& insn) {
  return insn.code == (BPF_LD | BPF_DW | BPF_IMM);
}
bool is_32_bit(const bpf_insn& insn) {
  const unsigned kind = BPF_CLASS(insn.code);
  return kind == BPF_ALU || kind == BPF_JMP32;
}

std::string hex(std::uint64_t value) {
  std::array<char, 24> text{};
  (void)std::snprintf(text.data(), text.size(), "0x%" PRIx64, value);
  return text.data();
}
std::string number(std::int32_t value) {
  return value > -10 && value < 10 ? std::to_string(value) : hex(static_cast<std::uint32_t>(value));
}
std::string signed_number(int value) {
  return (value < 0 ? "" : "+") + std::to_string(value);
}

std::string reg(unsigned index, bool half = false) {
  return (half ? "w" : "r") + std::to_string(index);
}
std::string operand(const bpf_insn& insn) {
  if (BPF_SRC(insn.code) == BPF_X) return reg(insn.src_reg, is_32_bit(insn));
  return is_32_bit(insn) ? number(insn.imm) : std::to_string(insn.imm);
}
std::string memory(const bpf_insn& insn, unsigned base) {
  static constexpr std::array<const char*, 4> kTypes = {"u32", "u16", "u8", "u64"};
  return std::string("*(") + kTypes[BPF_SIZE(insn.code) >> 3] + " *)(" + reg(base) + " " +
         signed_number(insn.off) + ")";
}

const char* alu_sign(std::uint8_t code) {
  switch (static_cast<Alu>(BPF_OP(code))) {
    case Alu::add:
      return "+=";
    case Alu::sub:
      return "-=";
    case Alu::mul:
      return "*=";
    case Alu::div:
      return "/=";
    case Alu::mod:
      return "%=";
    case Alu::bit_or:
      return "|=";
    case Alu::bit_and:
      return "&=";
    case Alu::bit_xor:
      return "^=";
    case Alu::lsh:
      return "<<=";
    case Alu::rsh:
      return ">>=";
    case Alu::arsh:
      return "s>>=";
    default:
      return "=";
  }
}

const char* condition_sign(std::uint8_t code) {
  switch (static_cast<Cond>(BPF_OP(code))) {
    case Cond::eq:
      return "==";
    case Cond::ne:
      return "!=";
    case Cond::gt:
      return ">";
    case Cond::ge:
      return ">=";
    case Cond::lt:
      return "<";
    case Cond::le:
      return "<=";
    case Cond::set:
      return "&";
    case Cond::sgt:
      return "s>";
    case Cond::sge:
      return "s>=";
    case Cond::slt:
      return "s<";
    default:
      return "s<=";
  }
}

std::string alu(const bpf_insn& insn) {
  const std::string dst = reg(insn.dst_reg, is_32_bit(insn));
  if (BPF_OP(insn.code) == BPF_END) {
    const char* order = BPF_SRC(insn.code) == BPF_TO_BE ? "be" : "le";
    return reg(insn.dst_reg) + " = " + order + std::to_string(insn.imm) + " " + reg(insn.dst_reg);
  }
  if (BPF_OP(insn.code) == BPF_NEG) return dst + " = -" + dst;
  return dst + " " + alu_sign(insn.code) + " " + operand(insn);
}

std::string constant(const bpf_insn& insn, const bpf_insn& next) {
  const std::string dst = reg(insn.dst_reg) + " = ";
  if (insn.src_reg == BPF_PSEUDO_MAP_FD) return dst + "map[fd " + std::to_string(insn.imm) + "]";
  if (insn.src_reg == BPF_PSEUDO_MAP_VALUE) {
    return dst + "map[fd " + std::to_string(insn.imm) + "][0] + " + std::to_string(next.imm);
  }
  const auto low = static_cast<std::uint32_t>(insn.imm);
  const auto high = static_cast<std::uint32_t>(next.imm);
  return dst + hex(std::uint64_t{high} << 32 | low) + " ll";
}

// In the verifier's notation.
std::string atomic(const bpf_insn& insn) {
  if (insn.imm == BPF_ADD) {
    return "lock " + memory(insn, insn.dst_reg) + " += " + reg(insn.src_reg);
  }
  const std::string source = reg(insn.src_reg);
  if (insn.imm == kExchange) {
    return source + " = atomic_xchg(" + memory(insn, insn.dst_reg) + ", " + source + ")";
  }
  return "atomic " + hex(static_cast<std::uint32_t>(insn.imm)) + " " + memory(insn, insn.dst_reg) +
         ", " + source;
}

std::string jump(const bpf_insn& insn, const std::string& target) {
  switch (BPF_OP(insn.code)) {
    case BPF_CALL:
      return "call helper#" + std::to_string(insn.imm);
    case BPF_EXIT:
      return "exit";
    case BPF_JA:
      return "goto " + target;
    default:
      return "if " + reg(insn.dst_reg, is_32_bit(insn)) + " " + condition_sign(insn.code) + " " +
             operand(insn) + " goto " + target;
  }
}

std::string describe(const bpf_insn& insn, const bpf_insn& next, const std::string& target) {
  switch (BPF_CLASS(insn.code)) {
    case BPF_LD:
      return constant(insn, next);
    case BPF_LDX:
      return reg(insn.dst_reg) + " = " + memory(insn, insn.src_reg);
    case BPF_ST:
      return memory(insn, insn.dst_reg) + " = " + number(insn.imm);
    case BPF_STX:
      if (BPF_MODE(insn.code) == BPF_XADD) return atomic(insn);
      return memory(insn, insn.dst_reg) + " = " + reg(insn.src_reg);
    case BPF_JMP:
    case BPF_JMP32:
      return jump(insn, target);
    default:
      return alu(insn);
  }
}

std::string line(std::size_t position, const std::string& text, const std::string& note) {
  std::array<char, 32> number{};
  (void)std::snprintf(number.data(), number.size(), "%4zu: ", position);
  std::string line = number.data() + text;
  if (!note.empty()) {
    constexpr std::size_t kNoteColumn = 46;
    line.resize(std::max(line.size() + 2, kNoteColumn), ' ');
    line += "; " + note;
  }
  return line + "\n";
}

}  // namespace

std::string to_string(const bpf_insn& insn, const bpf_insn& next) {
  return describe(insn, next, signed_number(insn.off));
}

std::string to_string(const Program& program) {
  std::string text;
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    const bpf_insn& insn = program.code[i];
    const bool last = i + 1 == program.code.size();
    const auto target = static_cast<std::ptrdiff_t>(i) + 1 + insn.off;
    text += line(i, describe(insn, last ? kNothing : program.code[i + 1], std::to_string(target)),
                 program.notes[i]);
    if (is_wide(insn)) ++i;
  }
  return text;
}

}  // namespace xdpcap::ebpf
