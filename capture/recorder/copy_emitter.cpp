// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/copy_emitter.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "recorder/context_emitter.hpp"
#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

// Up to this many bytes of a packet are copied by the program itself, without a helper.
constexpr std::int32_t kMostDirect = 128;
constexpr std::int32_t kLargePiece = 32;

// Copies `bytes` bytes from R4 to R3. R2 = bytes left, R5 = end of the packet.
void emit_piece(Assembler& code, Size size, int bytes, Label out_of_bounds) {
  const int step = size == Size::dword ? 8 : bytes;
  code.alu64(Alu::mov, Reg::r0, Reg::r4);
  code.alu64(Alu::add, Reg::r0, bytes);
  code.jump_if(Cond::gt, Reg::r0, Reg::r5, out_of_bounds);
  for (int at = 0; at < bytes; at += step) {
    code.load(size, Reg::r0, Reg::r4, static_cast<std::int16_t>(at));
    code.store(size, Reg::r3, static_cast<std::int16_t>(at), Reg::r0);
  }
  code.alu64(Alu::add, Reg::r4, bytes);
  code.alu64(Alu::add, Reg::r3, bytes);
  code.alu64(Alu::sub, Reg::r2, bytes);
}

// Preserves kBlock. kCaptured is at most kMostDirect. Jumps to `helper` if the packet's linear part
// is shorter.
void emit_direct_copy(Assembler& code, const RecorderSpec& spec, Label helper, Label copied) {
  const Label eights = code.label();
  const Label rest = code.label();
  emit_packet_bounds(code, spec, Reg::r4, Reg::r5);
  code.alu64(Alu::mov, Reg::r3, kBlock);
  code.alu64(Alu::add, Reg::r3, kPacket);
  code.alu64(Alu::mov, Reg::r2, kCaptured);
  for (int i = 0; i < kMostDirect / kLargePiece; ++i) {
    code.jump_if(Cond::lt, Reg::r2, kLargePiece, eights);
    emit_piece(code, Size::dword, kLargePiece, helper);
  }
  code.bind(eights);
  for (int i = 0; i < kLargePiece / 8 - 1; ++i) {
    code.jump_if(Cond::lt, Reg::r2, 8, rest);
    emit_piece(code, Size::dword, 8, helper);
  }
  code.bind(rest);
  for (const auto& [size, bytes] : {std::pair(Size::word, 4), {Size::half, 2}, {Size::byte, 1}}) {
    const Label skip = code.label();
    code.jump_if(Cond::lt, Reg::r2, bytes, skip);
    emit_piece(code, size, bytes, helper);
    code.bind(skip);
  }
  code.jump(copied);
}

}  // namespace

// A helper's start-up cost is high, most of all that of its rep movsb, so short packets are copied
// through registers.
void emit_copy(Assembler& code, const RecorderSpec& spec, Label failed) {
  const Label helper = code.label();
  const Label copied = code.label();
  code.note("copy the packet");
  if (!spec.traced) {
    code.jump_if(Cond::gt, kCaptured, kMostDirect, helper);
    emit_direct_copy(code, spec, helper, copied);
  }
  code.bind(helper);
  code.alu64(Alu::mov, Reg::r3, kBlock);
  code.alu64(Alu::add, Reg::r3, kPacket);
  emit_packet_copy(code, spec, failed);
  code.bind(copied);
  code.load(Size::dword, Reg::r2, Reg::r10, kLostSlot);
  code.store(Size::dword, kCounters, offsetof(xdpcap_counters, reported), Reg::r2);
}

}  // namespace xdpcap::recorder
