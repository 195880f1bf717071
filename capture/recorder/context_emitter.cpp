// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/context_emitter.hpp"

#include <linux/bpf.h>

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

void emit_context(Assembler& code) {
  code.alu64(Alu::mov, kContext, Reg::r1);
}

void emit_packet_bounds(Assembler& code, Reg start, Reg end) {
  code.load(Size::word, start, kContext, offsetof(xdp_md, data));
  code.load(Size::word, end, kContext, offsetof(xdp_md, data_end));
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

void emit_ingress_interface(Assembler& code, Reg into) {
  code.load(Size::word, into, kContext, offsetof(xdp_md, ingress_ifindex));
}

void emit_ingress_queue(Assembler& code, Reg into) {
  code.load(Size::word, into, kContext, offsetof(xdp_md, rx_queue_index));
}

void emit_packet_copy(Assembler& code, const RecorderSpec& spec, Label failed) {
  if (spec.has_xdp_load_bytes) {
    code.alu64(Alu::mov, Reg::r1, kContext);
    code.alu64(Alu::mov, Reg::r2, 0);
    code.alu64(Alu::mov, Reg::r4, kCaptured);
    code.call(BPF_FUNC_xdp_load_bytes);
  } else {
    code.alu64(Alu::mov, Reg::r1, Reg::r3);
    code.alu64(Alu::mov, Reg::r2, kCaptured);
    code.load(Size::word, Reg::r3, kContext, offsetof(xdp_md, data));
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
  code.alu32(Alu::mov, Reg::r0, static_cast<std::int32_t>(spec.action.value()));
  code.exit();
}

}  // namespace xdpcap::recorder
