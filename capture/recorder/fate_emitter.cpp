// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/fate_emitter.hpp"

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>

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

bool action_is_final(const RecorderSpec& spec) {
  return spec.action.value() == XDP_PASS || spec.action.value() == XDP_DROP;
}

// Whether the fate is open, 0 or 1: in a tracing recorder, the action is known at run time only.
void emit_open(Assembler& code, Reg into) {
  static_assert(XDPCAP_FATE_NONE == 0 && XDPCAP_FATE_OPEN == 1);
  const Label final = code.label();
  const Label done = code.label();
  code.load(Size::word, into, Reg::r10, kActionSlot);
  code.jump_if(Cond::eq, into, XDP_DROP, final);
  code.jump_if(Cond::eq, into, XDP_PASS, final);
  code.alu64(Alu::mov, into, XDPCAP_FATE_OPEN);
  code.jump(done);
  code.bind(final);
  code.alu64(Alu::mov, into, XDPCAP_FATE_NONE);
  code.bind(done);
}

// The state of a fate that is written into a block.
std::int32_t first_state(const RecorderSpec& spec) {
  if (spec.follow_passed && spec.action.value() == XDP_PASS) return XDPCAP_FATE_PASSED;
  return action_is_final(spec) ? XDPCAP_FATE_NONE : XDPCAP_FATE_OPEN;
}

void emit_first_state(Assembler& code, const RecorderSpec& spec, Reg into) {
  emit_open(code, into);
  if (!spec.follow_passed) return;
  const Label done = code.label();
  code.load(Size::word, Reg::r4, Reg::r10, kActionSlot);
  code.jump_if(Cond::ne, Reg::r4, XDP_PASS, done);
  code.alu64(Alu::mov, into, XDPCAP_FATE_PASSED);
  code.bind(done);
}

}  // namespace

// Entries of this map are as long as those of the counters, so the same `offset` serves both.
void emit_last_packet(Assembler& code, const RecorderSpec& spec, Reg offset) {
  static_assert(sizeof(xdpcap_last) == sizeof(xdpcap_counters));
  code.note("the last packet of this CPU");
  code.load_map_value(Reg::r1, spec.last_fd, 0);
  code.alu64(Alu::add, Reg::r1, offset);
  code.store(Size::dword, Reg::r10, kLastSlot, Reg::r1);
  emit_ingress_interface(code, spec, Reg::r2);
  code.store(Size::word, Reg::r1, offsetof(xdpcap_last, ingress), Reg::r2);
  code.store(Size::word, Reg::r1, offsetof(xdpcap_last, source),
             static_cast<std::int32_t>(spec.source));
  if (spec.traced) {
    code.load(Size::word, Reg::r2, Reg::r10, kActionSlot);
    code.store(Size::word, Reg::r1, offsetof(xdpcap_last, action), Reg::r2);
    emit_open(code, Reg::r2);
    code.store(Size::word, Reg::r1, offsetof(xdpcap_last, open), Reg::r2);
  } else {
    code.store(Size::word, Reg::r1, offsetof(xdpcap_last, action),
               static_cast<std::int32_t>(spec.action.value()));
    code.store(Size::word, Reg::r1, offsetof(xdpcap_last, open), action_is_final(spec) ? 0 : 1);
  }
  code.store(Size::dword, Reg::r1, offsetof(xdpcap_last, fate), 0);
  if (spec.follow_passed) {
    emit_packet_address(code, spec, Reg::r2);
    code.store(Size::dword, Reg::r1, offsetof(xdpcap_last, data), Reg::r2);
  }
}

void emit_fate(Assembler& code, const RecorderSpec& spec) {
  code.note("room for its fate");
  if (spec.traced) {
    emit_first_state(code, spec, Reg::r3);
    store_option_word(code, offsetof(xdpcap_fate, state), Reg::r3);
    code.load(Size::word, Reg::r3, Reg::r10, kActionSlot);
    store_option_word(code, offsetof(xdpcap_fate, action), Reg::r3);
  } else {
    store_option_word(code, offsetof(xdpcap_fate, state), first_state(spec));
    store_option_word(code, offsetof(xdpcap_fate, action), spec.action.value());
  }
  emit_ingress_interface(code, spec, Reg::r3);
  store_option_word(code, offsetof(xdpcap_fate, ingress), Reg::r3);
  emit_ingress_queue(code, spec, Reg::r3);
  store_option_word(code, offsetof(xdpcap_fate, queue), Reg::r3);
  for (std::size_t at = offsetof(xdpcap_fate, ingress_namespace); at < sizeof(xdpcap_fate);
       at += sizeof(std::uint32_t)) {
    store_option_word(code, at, 0U);
  }
  code.alu64(Alu::add, kNext, sizeof(xdpcap_fate));
  code.alu64(Alu::add, kLength, sizeof(xdpcap_fate));
}

void emit_fate_position(Assembler& code, const RecorderSpec& spec) {
  code.note("where its fate goes");
  code.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code.load(Size::dword, Reg::r2, Reg::r1, offsetof(xdpcap_ring, head));
  code.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, last), Reg::r2);
  if (spec.follow_passed) code.alu64(Alu::mov, Reg::r4, Reg::r2);
  code.alu64(Alu::bit_and, Reg::r2, static_cast<std::int32_t>(spec.ring_bytes - 1));
  code.load(Size::dword, Reg::r3, Reg::r10, kBlockLengthSlot);
  code.alu64(Alu::add, Reg::r2, Reg::r3);
  constexpr auto kFromFateToEnd =
      static_cast<std::int32_t>(sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail));
  code.alu64(Alu::add, Reg::r2, static_cast<std::int32_t>(kBlocks) - kFromFateToEnd);
  code.load(Size::dword, Reg::r1, Reg::r10, kLastSlot);
  code.store(Size::dword, Reg::r1, offsetof(xdpcap_last, fate), Reg::r2);
  if (spec.follow_passed)
    code.store(Size::dword, Reg::r1, offsetof(xdpcap_last, position), Reg::r4);
}

}  // namespace xdpcap::recorder
