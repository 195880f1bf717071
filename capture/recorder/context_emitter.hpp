// SPDX-License-Identifier: BSD-3-Clause
// Emits everything in a recorder that depends on what it is called with: where the packet, its
// length, its interface and its queue come from, how it is copied, and how the recorder returns. In
// a slot of a hook that is a struct xdp_md, and an action that is known when the recorder is made.
#pragma once

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// kContext, from what the program is called with.
void emit_context(ebpf::Assembler& code);
// Where the linear part of the packet starts and ends.
void emit_packet_bounds(ebpf::Assembler& code, ebpf::Reg start, ebpf::Reg end);
// kOriginal, from kStart and kEnd. May call a helper.
void emit_original_length(ebpf::Assembler& code, const RecorderSpec& spec);
// The interface that the packet came in by (ifindex), and its queue there.
void emit_ingress_interface(ebpf::Assembler& code, ebpf::Reg into);
void emit_ingress_queue(ebpf::Assembler& code, ebpf::Reg into);
// Copies kCaptured bytes of the packet, fragments too, to R3 with a helper. Continues at `failed`
// when the kernel refuses.
void emit_packet_copy(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);
// To the recorder of the next capture, or with the action.
void emit_return(ebpf::Assembler& code, const RecorderSpec& spec);

}  // namespace xdpcap::recorder
