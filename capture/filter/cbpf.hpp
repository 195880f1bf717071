// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF, the language libpcap compiles filters to: decoding, checking and printing.
#pragma once

#include <cstdint>
#include <vector>

namespace xdpcap {

// CbpfInstruction has the layout of the struct bpf_insn of libpcap. It is a type of our own because
// linux/bpf.h calls the eBPF instruction struct bpf_insn too, and no file can include both.
struct CbpfInstruction {
  std::uint16_t code;
  std::uint8_t jt;
  std::uint8_t jf;
  std::uint32_t k;
};
using CbpfProgram = std::vector<CbpfInstruction>;

}  // namespace xdpcap
