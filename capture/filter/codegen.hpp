// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF to eBPF: emits a filter into a surrounding program.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap {

// The filter's interface to the surrounding program.
//
//   register  on entry                              preserved
//   R6        the program's context (xdp_md *)      yes
//   R7        start of the packet's linear part     yes
//   R8        end of the packet's linear part       yes
//   R9        the surrounding program's own         yes
//   R0-R5     nothing                               no
//
// The filter may use 152 bytes of stack, from R10 + stack_top, a multiple of 8, downwards.
struct FilterFrame {
  // The packet may have fragments after the linear part, which needs bpf_xdp_get_buff_len() and
  // bpf_xdp_load_bytes() (Linux 5.18). If not set, R8 - R7 is the packet's length.
  bool frags = false;
  // With frags: the filter may use the u32 at R10 + length_slot.
  std::int16_t length_slot = 0;
  std::int16_t stack_top = 0;
  // The filter sees the packet without its first `packet_start` bytes, `len` included; a shorter
  // packet does not match.
  std::uint32_t packet_start = 0;
  ebpf::Label match;
  ebpf::Label no_match;
};

// Emits `filter`, which must be valid (cbpf.hpp). It jumps to frame.match if libpcap's bpf_filter()
// would return anything but 0 for the whole packet, and to frame.no_match otherwise; it never falls
// through. It refers to both labels, even if one cannot be reached, so that the verifier does not
// find the code there unreachable. Throws Error if the filter does not fit into one program.
//
// Differences to libpcap: the verifier allows no reads past the first 65,535 bytes, so loads there
// reject the packet; scratch memory starts at 0, and there are at most 64 backward jumps a packet
// (protochain: one for each header), as in libpcap 1.11 but not in 1.10.
void emit_filter(ebpf::Assembler& code, const CbpfProgram& filter, const FilterFrame& frame);

// Emits `filter` once for each offset, as frame.packet_start: a packet matches if it does at any of
// them. For packets inside tunnels. Without offsets, the filter sees the packet as it is.
void emit_filter_at(ebpf::Assembler& code, const CbpfProgram& filter,
                    std::span<const std::uint32_t> offsets, const FilterFrame& frame);

// Disassembles what emit_filter_at() emits: a line for each instruction, with the classic
// instruction that it comes from beside it.
std::string dump_filter(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                        bool frags);

}  // namespace xdpcap
