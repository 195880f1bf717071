// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/ring_emitter.hpp"

#include <cstddef>
#include <cstdint>

#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

std::int32_t mask(const RecorderSpec& spec) {
  return static_cast<std::int32_t>(spec.ring_bytes - 1);
}

// Clobbers R3.
void emit_mark(Assembler& code, Reg ring, std::int32_t change) {
  code.alu64(Alu::mov, Reg::r3, change);
  code.add_atomically(Size::dword, ring, offsetof(xdpcap_ring, busy), Reg::r3);
}

// R0 = this CPU's ring.
void emit_lookup(Assembler& code, const RecorderSpec& spec, Label lost) {
  code.note("this CPU's ring");
  code.load_map(Reg::r1, spec.rings_fd);
  code.alu64(Alu::mov, Reg::r2, Reg::r10);
  code.alu64(Alu::add, Reg::r2, kCpuSlot);
  code.call(BPF_FUNC_map_lookup_elem);
  code.jump_if(Cond::eq, Reg::r0, 0, lost);
  code.store(Size::word, Reg::r10, kZeroSlot, 0);
  code.alu64(Alu::mov, Reg::r1, Reg::r0);
  code.alu64(Alu::mov, Reg::r2, Reg::r10);
  code.alu64(Alu::add, Reg::r2, kZeroSlot);
  code.call(BPF_FUNC_map_lookup_elem);
  code.jump_if(Cond::eq, Reg::r0, 0, lost);
  code.store(Size::dword, Reg::r10, kRingSlot, Reg::r0);
}

}  // namespace

// The recorder owns the ring if its mark is the only one. It reads the head only after that.
void emit_reservation(Assembler& code, const RecorderSpec& spec, Label lost, Label failed) {
  emit_lookup(code, spec, lost);
  code.note("is another recorder running on this CPU?");
  emit_mark(code, Reg::r0, 1);
  code.load(Size::dword, Reg::r1, Reg::r0, offsetof(xdpcap_ring, busy));
  code.jump_if(Cond::ne, Reg::r1, 1, failed);
  code.note("is there room?");
  code.load(Size::dword, Reg::r3, Reg::r0, offsetof(xdpcap_ring, head));
  code.load(Size::dword, Reg::r4, Reg::r0, offsetof(xdpcap_ring, tail));
  code.alu64(Alu::mov, Reg::r2, kCaptured);
  pad(code, Reg::r2);
  code.alu64(Alu::add, Reg::r2,
             static_cast<std::int32_t>(fixed_length(spec) + most_optional(spec)));
  code.alu64(Alu::add, Reg::r2, Reg::r3);
  code.alu64(Alu::sub, Reg::r2, Reg::r4);
  code.jump_if(Cond::gt, Reg::r2, static_cast<std::int32_t>(spec.ring_bytes), failed);
  // Positions are multiples of 4 anyway; the mask proves that to the verifier.
  code.alu64(Alu::bit_and, Reg::r3, mask(spec) & ~3);
  code.alu64(Alu::add, Reg::r0, Reg::r3);
  code.store(Size::dword, Reg::r10, kBlockSlot, Reg::r0);
}

// On x86, stores become visible in program order; elsewhere an exchange orders the block before the
// head, and the head before the mark (record.h).
void emit_publication(Assembler& code, const RecorderSpec& spec) {
  const Label same_lap = code.label();
  const Label store = code.label();
  code.note("publish the block");
  code.load(Size::dword, kRing, Reg::r10, kRingSlot);
  code.load(Size::dword, Reg::r3, Reg::r10, kBlockLengthSlot);
  code.load(Size::dword, kHead, kRing, offsetof(xdpcap_ring, head));
  code.alu64(Alu::mov, Reg::r4, kHead);
  code.alu64(Alu::bit_and, Reg::r4, mask(spec));
  code.alu64(Alu::add, Reg::r4, Reg::r3);
  code.jump_if(Cond::lt, Reg::r4, static_cast<std::int32_t>(spec.ring_bytes), same_lap);
  code.alu64(Alu::bit_or, kHead, mask(spec));
  code.alu64(Alu::add, kHead, 1);
  code.jump(store);
  code.bind(same_lap);
  code.alu64(Alu::add, kHead, Reg::r3);
  code.bind(store);
  if (spec.ordered_stores) {
    code.store(Size::dword, kRing, offsetof(xdpcap_ring, head), kHead);
  } else {
    code.alu64(Alu::mov, Reg::r3, kHead);
    code.exchange(Size::dword, kRing, offsetof(xdpcap_ring, head), Reg::r3);
  }
  emit_mark(code, kRing, -1);
}

// Wakes the reader only if it sleeps and the ring is full enough: a wake-up costs the traffic more
// than everything else here together. A ring in an ARRAY cannot wake anything, so a small BPF ring
// buffer does, which carries no data.
void emit_wake_up(Assembler& code, const RecorderSpec& spec, Label done) {
  const auto wake_at = static_cast<std::int16_t>(offsetof(xdpcap_control, wake_at));
  code.note("is the reader awake?");
  code.load_map_value(Reg::r3, spec.control_fd, 0);
  code.load(Size::dword, Reg::r4, Reg::r3, wake_at);
  code.jump_if(Cond::eq, Reg::r4, -1, done);
  code.load(Size::dword, Reg::r5, kRing, offsetof(xdpcap_ring, tail));
  code.alu64(Alu::sub, kHead, Reg::r5);
  code.jump_if(Cond::lt, kHead, Reg::r4, done);
  code.store(Size::dword, Reg::r3, wake_at, -1);
  code.load_map(Reg::r1, spec.wakeup_fd);
  code.alu64(Alu::mov, Reg::r2, sizeof(std::uint64_t));
  code.alu64(Alu::mov, Reg::r3, 0);
  code.call(BPF_FUNC_ringbuf_reserve);
  code.jump_if(Cond::eq, Reg::r0, 0, done);
  code.alu64(Alu::mov, Reg::r1, Reg::r0);
  code.alu64(Alu::mov, Reg::r2, BPF_RB_FORCE_WAKEUP);
  code.call(BPF_FUNC_ringbuf_discard);
}

void emit_cancellation(Assembler& code) {
  code.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  emit_mark(code, Reg::r1, -1);
}

}  // namespace xdpcap::recorder
