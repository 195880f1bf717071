// SPDX-License-Identifier: BSD-3-Clause
// A disassembler for eBPF.
#pragma once

#include <string>

#include "ebpf/assembler.hpp"

namespace xdpcap::ebpf {

// One instruction, in the notation of the kernel's verifier ("r0 = *(u16 *)(r7 +12)", "if w0 != 0x8
// goto +5"). `next` is the instruction after it, which holds the upper half of a 64-bit constant.
std::string to_string(const bpf_insn& insn, const bpf_insn& next);

// A whole program, a line for each instruction: its position, its text with jump targets as
// positions, and its note.
std::string to_string(const Program& program);

}  // namespace xdpcap::ebpf
