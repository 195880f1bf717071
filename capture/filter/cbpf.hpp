// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF, which libpcap compiles filters to: validation and printing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

// CbpfInstruction has the layout of libpcap's struct bpf_insn. It is a separate type because
// linux/bpf.h has a struct bpf_insn too (the eBPF instruction), and no file can include both.
struct CbpfInstruction {
  std::uint16_t code;
  std::uint8_t jt;
  std::uint8_t jf;
  std::uint32_t k;

  friend bool operator==(const CbpfInstruction&, const CbpfInstruction&) = default;
};
using CbpfProgram = std::vector<CbpfInstruction>;

// The number of words of scratch memory, M[0] to M[15].
inline constexpr std::uint32_t kCbpfScratchWords = 16;

// The kernel's limit (BPF_MAXINSNS).
inline constexpr std::size_t kMostInstructions = 4096;

// Throws a UsageError that names the instruction unless the program is valid: known opcodes, jumps
// within the program, existing scratch memory, no division by a constant 0, no shift by more than
// 31 bits, and a return at the end. Only `ja` may jump backwards (libpcap emits that for
// protochain), and not to itself.
void validate(const CbpfProgram& program);

// The target of a `ja` at `position`. Its offset is signed (libpcap's protochain).
std::size_t jump_target(const CbpfInstruction& instruction, std::size_t position);

// One instruction, as tcpdump -d prints it: "(002) ldb      [23]".
std::string to_string(const CbpfInstruction& instruction, std::size_t position);

// The formats of tcpdump -d, -dd and -ddd.
enum class CbpfFormat : std::uint8_t {
  assembly,  // -d: one instruction a line
  c_code,    // -dd: an array initialiser
  decimal,   // -ddd: the length, then "code jt jf k" lines
};
std::string to_string(const CbpfProgram& program, CbpfFormat format);

}  // namespace xdpcap
