// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF to eBPF: emits a filter into a program that surrounds it.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "filter/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap {

// Where the program around the filter keeps the packet, and where it goes on.
//
//   register  on entry                              kept
//   R6        the program's context (xdp_md *)      yes
//   R7        start of the packet's linear part     yes
//   R8        end of the packet's linear part       yes
//   R9        the surrounding program's own         yes
//   R0-R5     nothing                               no
//
// The filter may use 152 bytes of stack, from R10 + stack_top, a multiple of 8, downwards.
struct FilterFrame {
  // The packet may have fragments after the linear part. If not, R8 - R7 is its length. Where it
  // may, the kernel has to have bpf_xdp_get_buff_len() and bpf_xdp_load_bytes() (Linux 5.18).
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

// Emits `filter`, which has to be valid (cbpf.hpp): leaves to frame.match if it returns anything
// but 0, as libpcap's bpf_filter() would on the whole packet, and to frame.no_match otherwise.
// Never falls through. Mentions both labels, even where one is never reached, so that the verifier
// finds no code behind them unreachable. Throws Error when the filter is longer than one program
// can hold.
//
// Where it can differ from libpcap: bytes behind the first 65,535 cannot be read, as the verifier
// sees to, so loads there reject; scratch memory starts at 0 and a packet gets 64 jumps backwards
// (protochain: one for each header), as in libpcap 1.11 but not in 1.10.
void emit_filter(ebpf::Assembler& code, const CbpfProgram& filter, const FilterFrame& frame);

// Emits `filter` to match where it matches the packet without its first bytes, for any of these
// numbers of bytes: for what is inside a tunnel. Without offsets, the packet as it is. It replaces
// frame.packet_start.
void emit_filter_at(ebpf::Assembler& code, const CbpfProgram& filter,
                    std::span<const std::uint32_t> offsets, const FilterFrame& frame);

// What emit_filter_at() makes of `filter`, for people to read: a line for each instruction, with
// the classic one that it comes from beside it.
std::string dump_filter(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                        bool frags);

}  // namespace xdpcap
