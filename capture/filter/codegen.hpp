// SPDX-License-Identifier: BSD-3-Clause
// Classic BPF to eBPF: emits a filter into a surrounding program.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"

namespace xdpcap {

// How a filter reads the packet.
enum class PacketAccess : std::uint8_t {
  // Through the packet pointers of an XDP program. R8 - R7 is the packet's length.
  linear,
  // The same for the linear part; the packet may have fragments after it, which needs
  // bpf_xdp_get_buff_len() and bpf_xdp_load_bytes() (Linux 5.18).
  frags,
  // From a copy of the packet's first bytes in a map value. If these do not decide, the filter
  // jumps to frame.undecided. For programs that cannot read the packet through pointers.
  prefix,
  // Through bpf_probe_read_kernel(), each load by itself: slow, but it reads the whole linear part.
  probe,
};

// The filter's interface to the surrounding program.
//
//   register  on entry                              preserved
//   R6        the program's context, never null     yes
//   R7        start of the packet's linear part     yes (probe: no)
//   R8        end of the packet's linear part       yes (probe: no)
//   R9        the surrounding program's own         yes
//   R0-R5     nothing                               no
//
// With prefix, R7 and R8 are start and end of the copy, and the map value must go on for 65,535
// bytes after R7. With probe, they are nothing on entry.
//
// The filter may use 152 bytes of stack, from R10 + stack_top, a multiple of 8, downwards.
struct FilterFrame {
  PacketAccess access = PacketAccess::linear;
  // The u32 at R10 + length_slot. With frags: the filter's own. With prefix and probe: the length
  // of the whole packet.
  std::int16_t length_slot = 0;
  // With probe: R10 + bounds_slot has the addresses (u64) of start and end of the linear part.
  std::int16_t bounds_slot = 0;
  std::int16_t stack_top = 0;
  // The filter sees the packet without its first `packet_start` bytes, `len` included; a shorter
  // packet does not match.
  std::uint32_t packet_start = 0;
  ebpf::Label match;
  ebpf::Label no_match;
  // With prefix: the copy has the first `prefix` bytes of the linear part, or all of a shorter one.
  std::uint32_t prefix = 0;
  std::optional<ebpf::Label> undecided = {};
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

// The number of bytes, from the packet's start, that decide whether it matches; 65,535 if the
// filter reads at offsets that it computes without a bound, and 0 if it reads no bytes.
std::uint32_t filter_reach(const CbpfProgram& filter, std::span<const std::uint32_t> offsets);

// Disassembles what emit_filter_at() emits: a line for each instruction, with the classic
// instruction that it comes from beside it.
std::string dump_filter(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                        bool frags);

}  // namespace xdpcap
