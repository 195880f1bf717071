// SPDX-License-Identifier: BSD-3-Clause
// eBPF for people to read.
#pragma once

#include <string>

#include "filter/assembler.hpp"

namespace xdpcap::ebpf {

// One instruction, in the notation of the kernel's verifier ("r0 = *(u16 *)(r7 +12)", "if w0 != 0x8
// goto +5"). `next` is the instruction behind it, of which a 64-bit constant takes its upper half.
std::string to_string(const bpf_insn& insn, const bpf_insn& next);

// A whole program, a line for each instruction: its position, its text with the jump's target as a
// position, and behind that its note.
std::string to_string(const Program& program);

}  // namespace xdpcap::ebpf
