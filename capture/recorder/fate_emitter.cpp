// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/fate_emitter.hpp"

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>

#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Reg;
using ebpf::Size;

bool FateEmitter::action_says_all() const {
  return spec_.action.value() == XDP_PASS || spec_.action.value() == XDP_DROP;
}

// A line of this map is as long as one of the counters, which R0 was made for.
void FateEmitter::emit_entry() {
  static_assert(sizeof(xdpcap_last) == sizeof(xdpcap_counters));
  code_.note("the last packet of this CPU");
  code_.load_map_value(Reg::r1, spec_.last_fd, 0);
  code_.alu64(Alu::add, Reg::r1, Reg::r0);
  code_.store(Size::dword, Reg::r10, kLastSlot, Reg::r1);
  code_.load(Size::word, Reg::r2, Reg::r6, offsetof(xdp_md, ingress_ifindex));
  code_.store(Size::word, Reg::r1, offsetof(xdpcap_last, ingress), Reg::r2);
  code_.store(Size::word, Reg::r1, offsetof(xdpcap_last, action),
              static_cast<std::int32_t>(spec_.action.value()));
  code_.store(Size::word, Reg::r1, offsetof(xdpcap_last, open), action_says_all() ? 0 : 1);
  code_.store(Size::dword, Reg::r1, offsetof(xdpcap_last, fate), 0);
}

void FateEmitter::emit_slot() {
  code_.note("room for its fate");
  store(offsetof(xdpcap_fate, state), action_says_all() ? XDPCAP_FATE_NONE : XDPCAP_FATE_OPEN);
  store(offsetof(xdpcap_fate, action), spec_.action.value());
  code_.load(Size::word, Reg::r3, Reg::r6, offsetof(xdp_md, ingress_ifindex));
  store(offsetof(xdpcap_fate, ingress), Reg::r3);
  code_.load(Size::word, Reg::r3, Reg::r6, offsetof(xdp_md, rx_queue_index));
  store(offsetof(xdpcap_fate, queue), Reg::r3);
  for (std::size_t at = offsetof(xdpcap_fate, ingress_namespace); at < sizeof(xdpcap_fate);
       at += sizeof(std::uint32_t)) {
    store(at, 0U);
  }
  code_.alu64(Alu::add, Reg::r2, sizeof(xdpcap_fate));
  code_.alu64(Alu::add, Reg::r0, sizeof(xdpcap_fate));
}

void FateEmitter::emit_last() {
  code_.note("where its fate goes");
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code_.load(Size::dword, Reg::r2, Reg::r1, offsetof(xdpcap_ring, head));
  code_.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, last), Reg::r2);
  code_.alu64(Alu::bit_and, Reg::r2, static_cast<std::int32_t>(spec_.ring_bytes - 1));
  code_.load(Size::dword, Reg::r3, Reg::r10, kBlockLengthSlot);
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  constexpr auto kBehind =
      static_cast<std::int32_t>(sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail));
  code_.alu64(Alu::add, Reg::r2, static_cast<std::int32_t>(kBlocks) - kBehind);
  code_.load(Size::dword, Reg::r1, Reg::r10, kLastSlot);
  code_.store(Size::dword, Reg::r1, offsetof(xdpcap_last, fate), Reg::r2);
}

void FateEmitter::store(std::size_t offset, Reg src) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset), src);
}
void FateEmitter::store(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset),
              static_cast<std::int32_t>(value));
}

}  // namespace xdpcap::recorder
