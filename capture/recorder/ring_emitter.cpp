// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/ring_emitter.hpp"

#include <cstddef>
#include <cstdint>

#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

// R0 = this CPU's ring.
void RingEmitter::emit_lookup() {
  code_.note("this CPU's ring");
  code_.load_map(Reg::r1, spec_.rings_fd);
  code_.alu64(Alu::mov, Reg::r2, Reg::r10);
  code_.alu64(Alu::add, Reg::r2, kCpuSlot);
  code_.call(BPF_FUNC_map_lookup_elem);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::word, Reg::r10, kZeroSlot, 0);
  code_.alu64(Alu::mov, Reg::r1, Reg::r0);
  code_.alu64(Alu::mov, Reg::r2, Reg::r10);
  code_.alu64(Alu::add, Reg::r2, kZeroSlot);
  code_.call(BPF_FUNC_map_lookup_elem);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::dword, Reg::r10, kRingSlot, Reg::r0);
}

// The ring is this recorder's if its mark is the only one; head and blocks are looked at
// afterwards.
void RingEmitter::emit_reservation() {
  emit_lookup();
  code_.note("is another recorder at work on this CPU?");
  emit_mark(Reg::r0, 1);
  code_.load(Size::dword, Reg::r1, Reg::r0, offsetof(xdpcap_ring, busy));
  code_.jump_if(Cond::ne, Reg::r1, 1, failed_);
  code_.note("is there room?");
  code_.load(Size::dword, Reg::r3, Reg::r0, offsetof(xdpcap_ring, head));
  code_.load(Size::dword, Reg::r4, Reg::r0, offsetof(xdpcap_ring, tail));
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  pad(code_, Reg::r2);
  code_.alu64(Alu::add, Reg::r2, static_cast<std::int32_t>(kFixedLength + most_optional(spec_)));
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  code_.alu64(Alu::sub, Reg::r2, Reg::r4);
  code_.jump_if(Cond::gt, Reg::r2, static_cast<std::int32_t>(spec_.ring_bytes), failed_);
  // Positions are multiples of 4 anyway; the verifier learns it.
  code_.alu64(Alu::bit_and, Reg::r3, mask() & ~3);
  code_.alu64(Alu::add, Reg::r0, Reg::r3);
  code_.store(Size::dword, Reg::r10, kBlockSlot, Reg::r0);
}

// R1 = ring, R2 = its new head. Stores become visible in their order on x86; elsewhere an exchange
// keeps the block in front of the head, and the head in front of the mark (record.h).
void RingEmitter::emit_publication() {
  const Label same_lap = code_.label();
  const Label store = code_.label();
  code_.note("publish the block");
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code_.load(Size::dword, Reg::r3, Reg::r10, kBlockLengthSlot);
  code_.load(Size::dword, Reg::r2, Reg::r1, offsetof(xdpcap_ring, head));
  code_.alu64(Alu::mov, Reg::r4, Reg::r2);
  code_.alu64(Alu::bit_and, Reg::r4, mask());
  code_.alu64(Alu::add, Reg::r4, Reg::r3);
  code_.jump_if(Cond::lt, Reg::r4, static_cast<std::int32_t>(spec_.ring_bytes), same_lap);
  code_.alu64(Alu::bit_or, Reg::r2, mask());
  code_.alu64(Alu::add, Reg::r2, 1);
  code_.jump(store);
  code_.bind(same_lap);
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  code_.bind(store);
  if (spec_.ordered_stores) {
    code_.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, head), Reg::r2);
  } else {
    code_.alu64(Alu::mov, Reg::r3, Reg::r2);
    code_.exchange(Size::dword, Reg::r1, offsetof(xdpcap_ring, head), Reg::r3);
  }
  emit_mark(Reg::r1, -1);
}

// R1 = ring, R2 = its head. Wakes the reader only when it sleeps and enough has gathered: a wake-up
// costs the traffic more than everything else here together. An arrayed ring wakes nobody, so a
// small BPF ring buffer is the bell; nothing goes through it.
void RingEmitter::emit_wake_up(Label done) {
  const auto wake_at = static_cast<std::int16_t>(offsetof(xdpcap_control, wake_at));
  code_.note("is the reader awake?");
  code_.load_map_value(Reg::r3, spec_.control_fd, 0);
  code_.load(Size::dword, Reg::r4, Reg::r3, wake_at);
  code_.jump_if(Cond::eq, Reg::r4, -1, done);
  code_.load(Size::dword, Reg::r5, Reg::r1, offsetof(xdpcap_ring, tail));
  code_.alu64(Alu::sub, Reg::r2, Reg::r5);
  code_.jump_if(Cond::lt, Reg::r2, Reg::r4, done);
  code_.store(Size::dword, Reg::r3, wake_at, -1);
  code_.load_map(Reg::r1, spec_.bell_fd);
  code_.alu64(Alu::mov, Reg::r2, sizeof(std::uint64_t));
  code_.alu64(Alu::mov, Reg::r3, 0);
  code_.call(BPF_FUNC_ringbuf_reserve);
  code_.jump_if(Cond::eq, Reg::r0, 0, done);
  code_.alu64(Alu::mov, Reg::r1, Reg::r0);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_FORCE_WAKEUP);
  code_.call(BPF_FUNC_ringbuf_discard);
}

void RingEmitter::emit_cancellation() {
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  emit_mark(Reg::r1, -1);
}

// R3 is used.
void RingEmitter::emit_mark(Reg ring, std::int32_t change) {
  code_.alu64(Alu::mov, Reg::r3, change);
  code_.add_atomically(Size::dword, ring, offsetof(xdpcap_ring, busy), Reg::r3);
}

}  // namespace xdpcap::recorder
