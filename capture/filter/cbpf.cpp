// SPDX-License-Identifier: BSD-3-Clause
#include "filter/cbpf.hpp"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/error.hpp"

namespace xdpcap {
namespace {

UsageError invalid(std::size_t position, const std::string& cause) {
  return UsageError("instruction " + std::to_string(position) + " of the filter: " + cause);
}

std::string hex(std::uint32_t value) {
  std::array<char, 16> text{};
  (void)std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

// Exactly the opcodes that libpcap's bpf_filter() knows.
bool is_known(std::uint16_t code) {
  switch (code) {
    case BPF_LD | BPF_W | BPF_ABS:
    case BPF_LD | BPF_H | BPF_ABS:
    case BPF_LD | BPF_B | BPF_ABS:
    case BPF_LD | BPF_W | BPF_IND:
    case BPF_LD | BPF_H | BPF_IND:
    case BPF_LD | BPF_B | BPF_IND:
    case BPF_LD | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_W | BPF_LEN:
    case BPF_LDX | BPF_MSH | BPF_B:
    case BPF_LD | BPF_IMM:
    case BPF_LDX | BPF_IMM:
    case BPF_LD | BPF_MEM:
    case BPF_LDX | BPF_MEM:
    case BPF_ST:
    case BPF_STX:
    case BPF_JMP | BPF_JA:
    case BPF_ALU | BPF_NEG:
    case BPF_RET | BPF_K:
    case BPF_RET | BPF_A:
    case BPF_MISC | BPF_TAX:
    case BPF_MISC | BPF_TXA:
      return true;
    default:
      break;
  }
  const unsigned operation = BPF_OP(code);
  if ((code & ~0xFFU) != 0) return false;
  switch (BPF_CLASS(code)) {
    case BPF_ALU:
      return operation <= BPF_RSH || operation == BPF_MOD || operation == BPF_XOR;
    case BPF_JMP:
      return operation >= BPF_JEQ && operation <= BPF_JSET;
    default:
      return false;
  }
}

bool uses_scratch(std::uint16_t code) {
  return code == (BPF_LD | BPF_MEM) || code == (BPF_LDX | BPF_MEM) || code == BPF_ST ||
         code == BPF_STX;
}

bool divides_by_constant(std::uint16_t code) {
  return code == (BPF_ALU | BPF_DIV | BPF_K) || code == (BPF_ALU | BPF_MOD | BPF_K);
}

bool shifts_by_constant(std::uint16_t code) {
  return code == (BPF_ALU | BPF_LSH | BPF_K) || code == (BPF_ALU | BPF_RSH | BPF_K);
}

void check_jump(const CbpfProgram& program, std::size_t position) {
  const CbpfInstruction& insn = program[position];
  if (BPF_OP(insn.code) == BPF_JA) {
    const std::size_t target = jump_target(insn, position);
    if (target == position) throw invalid(position, "it jumps to itself");
    if (target >= program.size()) throw invalid(position, "it jumps out of the program");
    return;
  }
  const std::size_t farthest = position + 1 + std::max(insn.jt, insn.jf);
  if (farthest >= program.size()) throw invalid(position, "it jumps out of the program");
}

void check(const CbpfProgram& program, std::size_t position) {
  const CbpfInstruction& insn = program[position];
  if (!is_known(insn.code)) throw invalid(position, "unknown opcode " + hex(insn.code));
  if (uses_scratch(insn.code) && insn.k >= kCbpfScratchWords) {
    throw invalid(position, "there is no scratch memory M[" + std::to_string(insn.k) + "]");
  }
  if (divides_by_constant(insn.code) && insn.k == 0) throw invalid(position, "division by zero");
  // Undefined in C and so in libpcap's interpreter; the kernel refuses it, too. libpcap's compiler
  // never emits it.
  if (shifts_by_constant(insn.code) && insn.k > 31) {
    throw invalid(position, "it shifts 32 bits by " + std::to_string(insn.k));
  }
  if (BPF_CLASS(insn.code) == BPF_JMP) check_jump(program, position);
}

std::string c_line(const CbpfInstruction& insn) {
  std::array<char, 64> line{};
  (void)std::snprintf(line.data(), line.size(), "{ 0x%x, %d, %d, 0x%08x },\n", insn.code, insn.jt,
                      insn.jf, insn.k);
  return line.data();
}

std::string decimal_line(const CbpfInstruction& insn) {
  std::array<char, 64> line{};
  (void)std::snprintf(line.data(), line.size(), "%u %u %u %u\n", insn.code, insn.jt, insn.jf,
                      insn.k);
  return line.data();
}

}  // namespace

void validate(const CbpfProgram& program) {
  if (program.empty()) throw UsageError("the filter has no instructions");
  if (program.size() > kMostInstructions) {
    throw UsageError("the filter has " + std::to_string(program.size()) + " instructions, and " +
                         std::to_string(kMostInstructions) + " is the most",
                     "make it shorter: a net or a range of ports instead of many of them");
  }
  for (std::size_t position = 0; position < program.size(); ++position) check(program, position);
  // Anything else could run past the end. libpcap and the kernel refuse even a backward `ja` here.
  const std::size_t last = program.size() - 1;
  if (BPF_CLASS(program[last].code) != BPF_RET) {
    throw invalid(last, "the program does not end with a return");
  }
}

std::size_t jump_target(const CbpfInstruction& instruction, std::size_t position) {
  return position + 1 + static_cast<std::size_t>(static_cast<std::int32_t>(instruction.k));
}

std::string to_string(const CbpfInstruction& instruction, std::size_t position) {
  const bpf_insn insn{instruction.code, instruction.jt, instruction.jf, instruction.k};
  return bpf_image(&insn, static_cast<int>(position));
}

std::string to_string(const CbpfProgram& program, CbpfFormat format) {
  std::string text;
  if (format == CbpfFormat::decimal) text = std::to_string(program.size()) + "\n";
  for (std::size_t position = 0; position < program.size(); ++position) {
    switch (format) {
      case CbpfFormat::assembly:
        text += to_string(program[position], position) + "\n";
        break;
      case CbpfFormat::c_code:
        text += c_line(program[position]);
        break;
      case CbpfFormat::decimal:
        text += decimal_line(program[position]);
        break;
    }
  }
  return text;
}

}  // namespace xdpcap
