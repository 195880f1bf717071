// SPDX-License-Identifier: BSD-3-Clause
// The registers and the stack of a recorder, shared by the emitters of its parts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ebpf/assembler.hpp"
#include "recorder/record.h"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Registers, from the first instruction to the last; the filter preserves them
// (filter/codegen.hpp).
inline constexpr ebpf::Reg kContext = ebpf::Reg::r6;   // xdp_md *
inline constexpr ebpf::Reg kCounters = ebpf::Reg::r9;  // this CPU's
// Until the filter has matched: the packet's start and end.
inline constexpr ebpf::Reg kStart = ebpf::Reg::r7;
inline constexpr ebpf::Reg kEnd = ebpf::Reg::r8;
// ... and from then on: bytes to capture, and original length.
inline constexpr ebpf::Reg kCaptured = ebpf::Reg::r7;
inline constexpr ebpf::Reg kOriginal = ebpf::Reg::r8;
// ... of which kOriginal is needed until the block's header is complete. After that, in recorders
// that read fragments: how many of the bytes to capture are in the linear part.
inline constexpr ebpf::Reg kLinear = ebpf::Reg::r8;

// While the options of a block are filled in: the address of the block - kBlocks; the address of
// the next option - kPacket; and the length of the block so far.
inline constexpr ebpf::Reg kBlock = ebpf::Reg::r1;
inline constexpr ebpf::Reg kNext = ebpf::Reg::r2;
inline constexpr ebpf::Reg kLength = ebpf::Reg::r0;

// From the publication of a block to the wake-up: the ring and its new head.
inline constexpr ebpf::Reg kRing = ebpf::Reg::r1;
inline constexpr ebpf::Reg kHead = ebpf::Reg::r2;

// Stack:
//
//   R10 - 4   u32 CPU: the key into the rings
//   R10 - 8   u32 length of the whole packet, for the filter
//   R10 - 12  u32 0: the key into a ring
//   R10 - 24  ring
//   R10 - 32  address of the block, less kBlocks
//   R10 - 40  length of the block
//   R10 - 48  packets lost so far, all reported once this block is
//   R10 - 56  this CPU's struct xdpcap_last (with fates only)
//   below     the filter's, while it runs
inline constexpr std::int16_t kCpuSlot = -4;
inline constexpr std::int16_t kLengthSlot = -8;
inline constexpr std::int16_t kZeroSlot = -12;
inline constexpr std::int16_t kRingSlot = -24;
inline constexpr std::int16_t kBlockSlot = -32;
inline constexpr std::int16_t kBlockLengthSlot = -40;
inline constexpr std::int16_t kLostSlot = -48;
inline constexpr std::int16_t kLastSlot = -56;
// ... and before the reservation, with a rate:
//   R10 - 32  the kernel's tick
inline constexpr std::int16_t kTickSlot = kBlockSlot;

// In slots of a hook, if its programs have reasons (in the upper halves of their slots, as below):
//
//   R10 - 60  u32 row of the reason
//   R10 - 68  u32 its number
inline constexpr std::int16_t kReasonSlot = -60;
inline constexpr std::int16_t kReasonNumberSlot = -68;
inline constexpr std::int16_t kReasonSlotEnd = -72;

// In tracing recorders also, with words in the upper halves of their slots, where the verifier does
// not track them (filter/registers.hpp):
//
//   R10 - 60  u32 action, except at the entry
//   R10 - 68  u32 interface of the file
//   R10 - 76  u32 index of the counters
//   R10 - 88  address of the packet's end (of the linear part)
//   R10 - 96  address of its start
//   R10 - 104 the packet's id; 0: none (with ids only)
//   R10 - 108 u32 its random number (with ids and a sample only)
inline constexpr std::int16_t kActionSlot = -60;
inline constexpr std::int16_t kInterfaceSlot = -68;
inline constexpr std::int16_t kIndexSlot = -76;
inline constexpr std::int16_t kEndSlot = -88;
inline constexpr std::int16_t kStartSlot = -96;
inline constexpr std::int16_t kPacketIdSlot = -104;
inline constexpr std::int16_t kDrawSlot = -108;
inline constexpr std::int16_t kDrawSlotEnd = -112;

// While fragments are copied, where the filter's stack was:
//
//   R10 - 112 bytes to capture at most
//   R10 - 116 u32 bytes to capture from the linear part
//   R10 - 128 address of the next skb_frag_t
//   R10 - 132 u32 number of fragments
//   R10 - 140 u32 bytes to capture from the current one
//   R10 - 176 copy of its skb_frag_t
//   R10 - 240 copy of the struct skb_shared_info before its fragments
inline constexpr std::int16_t kLimitSlot = -112;
inline constexpr std::int16_t kLinearSlot = -116;
inline constexpr std::int16_t kFragmentSlot = -128;
inline constexpr std::int16_t kFragmentsSlot = -132;
inline constexpr std::int16_t kPieceSlot = -140;
inline constexpr std::int16_t kFragmentCopy = -176;
inline constexpr std::int16_t kSharedCopy = -240;
inline constexpr std::int16_t kMostFragmentBytes = kPieceSlot - 4 - kFragmentCopy;
inline constexpr std::int16_t kMostSharedBytes = kFragmentCopy - kSharedCopy;

inline bool numbers_packets(const RecorderSpec& spec) {
  return spec.traced && spec.traced->numbers_packets;
}

// Whether the random number of a packet is drawn before the filter, for both ends of the program.
inline bool draws_early(const RecorderSpec& spec) {
  return numbers_packets(spec) && spec.budget.sample > 1;
}

inline std::int16_t filter_stack_top(const RecorderSpec& spec) {
  if (draws_early(spec)) return kDrawSlotEnd;
  if (numbers_packets(spec)) return kPacketIdSlot;
  if (spec.traced) return kStartSlot;
  if (notes_reason(spec)) return kReasonSlotEnd;
  return notes_fate(spec) ? kLastSlot : kLostSlot;
}

// The original length tells what a struct skb_shared_info must say, so it must be known.
inline bool reads_fragments(const RecorderSpec& spec) {
  if (!spec.traced || !spec.traced->layout.fragments || !spec.has_xdp_load_bytes) return false;
  const FragmentLayout& layout = *spec.traced->layout.fragments;
  return layout.fragment_bytes <= kMostFragmentBytes && layout.fragments <= kMostSharedBytes;
}

// The offset of the blocks in a ring, and that of the packet from what kBlockSlot points to.
inline constexpr std::size_t kBlocks = sizeof(xdpcap_ring);
inline constexpr std::size_t kPacket = kBlocks + sizeof(xdpcap_block);

inline bool at_entry(const RecorderSpec& spec) {
  return spec.traced && spec.traced->point == TracePoint::entry;
}

// The length of a block without a packet and optional options.
inline std::uint32_t fixed_length(const RecorderSpec& spec) {
  const std::size_t tail = at_entry(spec) ? sizeof(xdpcap_entry_tail) : sizeof(xdpcap_block_tail);
  return static_cast<std::uint32_t>(sizeof(xdpcap_block) + tail);
}

// The most bytes that the optional options may take.
inline std::uint32_t most_optional(const RecorderSpec& spec) {
  const std::size_t fate = notes_fate(spec) ? sizeof(xdpcap_fate) : 0;
  const std::size_t id = numbers_packets(spec) ? sizeof(xdpcap_packet_id) : 0;
  const std::size_t reason = notes_reason(spec) ? sizeof(xdpcap_reason) : 0;
  return static_cast<std::uint32_t>(sizeof(xdpcap_drop_count) + id + sizeof(xdpcap_ingress) +
                                    reason + fate);
}

// Stores a word of the next option's struct.
inline void store_option_word(ebpf::Assembler& code, std::size_t offset, ebpf::Reg from) {
  code.store(ebpf::Size::word, kNext, static_cast<std::int16_t>(kPacket + offset), from);
}
inline void store_option_word(ebpf::Assembler& code, std::size_t offset, std::uint32_t value) {
  code.store(ebpf::Size::word, kNext, static_cast<std::int16_t>(kPacket + offset),
             static_cast<std::int32_t>(value));
}

// Increments a counter of struct xdpcap_counters: atomically, as another recorder may interrupt
// this one (record.h). It costs 0 to 1 ns more than a load, an addition and a store, as this CPU
// owns the cache line anyway. Clobbers R1.
inline void increment(ebpf::Assembler& code, std::size_t counter) {
  code.alu64(ebpf::Alu::mov, ebpf::Reg::r1, 1);
  code.add_atomically(ebpf::Size::dword, kCounters, static_cast<std::int16_t>(counter),
                      ebpf::Reg::r1);
}

// Rounds up to a multiple of 4, as pcapng pads packets.
inline void pad(ebpf::Assembler& code, ebpf::Reg length) {
  code.alu64(ebpf::Alu::add, length, 3);
  code.alu64(ebpf::Alu::bit_and, length, ~3);
}

}  // namespace xdpcap::recorder
