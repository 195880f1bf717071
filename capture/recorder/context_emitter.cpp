// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/context_emitter.hpp"

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>

#include "recorder/frame.hpp"
#include "recorder/reason_emitter.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

// A tracing program's argument is an array of the traced function's arguments, u64 each.
void emit_context(Assembler& code, const RecorderSpec& spec) {
  if (spec.traced) return code.load(Size::dword, kContext, Reg::r1, 0);
  code.alu64(Alu::mov, kContext, Reg::r1);
}

void emit_packet_bounds(Assembler& code, const RecorderSpec& spec, Reg start, Reg end) {
  if (spec.traced) {
    code.load(Size::dword, start, kContext, spec.traced->layout.data);
    code.load(Size::dword, end, kContext, spec.traced->layout.data_end);
    return;
  }
  code.load(Size::word, start, kContext, offsetof(xdp_md, data));
  code.load(Size::word, end, kContext, offsetof(xdp_md, data_end));
}

void emit_packet_address(Assembler& code, const RecorderSpec& spec, Reg into) {
  if (spec.traced) return code.load(Size::dword, into, kContext, spec.traced->layout.data);
  code.load(Size::word, into, kContext, offsetof(xdp_md, data));
}

void emit_original_length(Assembler& code, const RecorderSpec& spec) {
  if (!sees_fragments(spec)) {
    code.alu64(Alu::sub, kEnd, kStart);
    static_assert(kEnd == kOriginal);
    return;
  }
  code.alu64(Alu::mov, Reg::r1, kContext);
  code.call(BPF_FUNC_xdp_get_buff_len);
  code.alu32(Alu::mov, kOriginal, Reg::r0);
}

void emit_ingress_interface(Assembler& code, const RecorderSpec& spec, Reg into) {
  if (spec.traced) {
    code.load(Size::dword, into, kContext, spec.traced->layout.rxq);
    code.load(Size::dword, into, into, spec.traced->layout.dev);
    code.load(Size::word, into, into, spec.traced->layout.ifindex);
    return;
  }
  code.load(Size::word, into, kContext, offsetof(xdp_md, ingress_ifindex));
}

void emit_ingress_queue(Assembler& code, const RecorderSpec& spec, Reg into) {
  if (spec.traced) {
    code.load(Size::dword, into, kContext, spec.traced->layout.rxq);
    code.load(Size::word, into, into, spec.traced->layout.queue_index);
    return;
  }
  code.load(Size::word, into, kContext, offsetof(xdp_md, rx_queue_index));
}

namespace {

void emit_packet_start(Assembler& code, const RecorderSpec& spec, Reg into) {
  if (spec.traced) return code.load(Size::dword, into, Reg::r10, kStartSlot);
  code.load(Size::word, into, kContext, offsetof(xdp_md, data));
}

}  // namespace

void emit_packet_copy(Assembler& code, const RecorderSpec& spec, Label failed) {
  if (spec.has_xdp_load_bytes && !spec.traced) {
    code.alu64(Alu::mov, Reg::r1, kContext);
    code.alu64(Alu::mov, Reg::r2, 0);
    code.alu64(Alu::mov, Reg::r4, kCaptured);
    code.call(BPF_FUNC_xdp_load_bytes);
  } else {
    code.alu64(Alu::mov, Reg::r1, Reg::r3);
    code.alu64(Alu::mov, Reg::r2, reads_fragments(spec) ? kLinear : kCaptured);
    emit_packet_start(code, spec, Reg::r3);
    code.call(BPF_FUNC_probe_read_kernel);
  }
  code.jump_if(Cond::ne, Reg::r0, 0, failed);
}

void emit_return(Assembler& code, const RecorderSpec& spec) {
  if (spec.next_fd >= 0) {
    code.note("the next capture; if there is none, the call falls through");
    code.alu64(Alu::mov, Reg::r1, kContext);
    code.load_map(Reg::r2, spec.next_fd);
    code.alu64(Alu::mov, Reg::r3, 0);
    code.call(BPF_FUNC_tail_call);
  }
  if (notes_reason(spec)) emit_reason_removal(code, spec);
  // Of tracing programs the kernel accepts no other value than 0.
  const std::uint32_t value = spec.traced ? 0 : spec.action.value();
  code.alu32(Alu::mov, Reg::r0, static_cast<std::int32_t>(value));
  code.exit();
}

}  // namespace xdpcap::recorder
