// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/packet_number_emitter.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>

#include "recorder/budget_emitter.hpp"
#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

constexpr Reg kScratch = Reg::r1;
constexpr Reg kId = Reg::r2;
constexpr Reg kCpu = Reg::r3;

// Linux 5.10 has no addition that also returns the sum.
void emit_new_id(Assembler& code, const RecorderSpec& spec) {
  constexpr int kCpuShift = 48;
  code.alu64(Alu::mov, kId, 1);
  code.add_atomically(Size::dword, kScratch, offsetof(xdpcap_scratch, numbered), kId);
  code.load(Size::dword, kId, kScratch, offsetof(xdpcap_scratch, numbered));
  code.alu64(Alu::lsh, kCpu, kCpuShift);
  code.alu64(Alu::bit_or, kId, kCpu);
  code.store(Size::dword, kScratch, offsetof(xdpcap_scratch, buffer), kContext);
  code.store(Size::dword, kScratch, offsetof(xdpcap_scratch, packet), kId);
  code.store(Size::dword, Reg::r10, kPacketIdSlot, kId);
  if (!draws_early(spec)) return;
  code.load(Size::word, Reg::r4, Reg::r10, kDrawSlot);
  code.store(Size::dword, kScratch, offsetof(xdpcap_scratch, draw), Reg::r4);
}

void emit_taken_id(Assembler& code, const RecorderSpec& spec) {
  const Label other = code.label();
  code.store(Size::dword, Reg::r10, kPacketIdSlot, 0);
  code.load(Size::dword, Reg::r4, kScratch, offsetof(xdpcap_scratch, buffer));
  code.jump_if(Cond::ne, Reg::r4, kContext, other);
  code.load(Size::dword, kId, kScratch, offsetof(xdpcap_scratch, packet));
  code.store(Size::dword, Reg::r10, kPacketIdSlot, kId);
  code.store(Size::dword, kScratch, offsetof(xdpcap_scratch, packet), 0);
  if (draws_early(spec)) {
    code.jump_if(Cond::eq, kId, 0, other);
    code.load(Size::dword, Reg::r4, kScratch, offsetof(xdpcap_scratch, draw));
    code.store(Size::word, Reg::r10, kDrawSlot, Reg::r4);
  }
  code.bind(other);
}

}  // namespace

void emit_packet_number(Assembler& code, const RecorderSpec& spec, Label never) {
  if (draws_early(spec)) emit_draw(code);
  code.note("number the packet");
  code.call(BPF_FUNC_get_smp_processor_id);
  code.jump_if(Cond::ge, Reg::r0, static_cast<std::int32_t>(spec.cpus), never);
  code.alu64(Alu::mov, kCpu, Reg::r0);
  code.alu64(Alu::lsh, Reg::r0, std::countr_zero(sizeof(xdpcap_scratch)));
  code.load_map_value(kScratch, spec.traced->scratch_fd, 0);
  code.alu64(Alu::add, kScratch, Reg::r0);
  at_entry(spec) ? emit_new_id(code, spec) : emit_taken_id(code, spec);
}

}  // namespace xdpcap::recorder
