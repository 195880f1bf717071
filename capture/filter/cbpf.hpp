// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF, the language libpcap compiles filters to: checking and printing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

// CbpfInstruction has the layout of the struct bpf_insn of libpcap. It is a type of our own because
// linux/bpf.h calls the eBPF instruction struct bpf_insn too, and no file can include both.
struct CbpfInstruction {
  std::uint16_t code;
  std::uint8_t jt;
  std::uint8_t jf;
  std::uint32_t k;

  friend bool operator==(const CbpfInstruction&, const CbpfInstruction&) = default;
};
using CbpfProgram = std::vector<CbpfInstruction>;

// How many words of scratch memory, M[0] to M[15], there are.
inline constexpr std::uint32_t kCbpfScratchWords = 16;

// As many as the kernel takes (BPF_MAXINSNS).
inline constexpr std::size_t kMostInstructions = 4096;

// Throws UsageError, which names the instruction, unless the program is one that libpcap would run:
// known opcodes only, jumps that stay inside, scratch memory that exists, no constant divisor 0, no
// shift by more than 31 bits, and a return at the end. A jump backwards is allowed to `ja` alone
// (libpcap makes one for protochain), and not to itself.
void validate(const CbpfProgram& program);

// Where a `ja` at `position` goes. Its offset is a signed number (libpcap's protochain).
std::size_t jump_target(const CbpfInstruction& instruction, std::size_t position);

// One instruction, as tcpdump -d prints it: "(002) ldb      [23]".
std::string to_string(const CbpfInstruction& instruction, std::size_t position);

// The forms that tcpdump prints a program in.
enum class CbpfFormat : std::uint8_t {
  assembly,  // -d: one instruction a line, for people
  c_code,    // -dd: an array initialiser
  decimal,   // -ddd: the length, then "code jt jf k" lines
};
std::string to_string(const CbpfProgram& program, CbpfFormat format);

}  // namespace xdpcap
