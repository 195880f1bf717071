// SPDX-License-Identifier: BSD-3-Clause
// Emits the parts of a recorder that depend on its context: how it gets the packet, its length,
// interface and queue, how it copies the packet, and how it returns. In a slot of a hook the
// context is a struct xdp_md, and the action is a constant. In a tracing recorder the context is
// the kernel's struct xdp_buff, read at the offsets of spec.traced, and the action is in
// kActionSlot.
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Sets kContext, from the program's argument.
void emit_context(ebpf::Assembler& code, const RecorderSpec& spec);
// Loads the start and the end of the packet's linear part.
void emit_packet_bounds(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg start,
                        ebpf::Reg end);
// Loads the address of the first byte of the packet, which a filter never sees.
void emit_packet_address(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg into);
// Computes kOriginal, from kStart and kEnd. May call a helper.
void emit_original_length(ebpf::Assembler& code, const RecorderSpec& spec);
// Load the ingress interface (ifindex), and the receive queue.
void emit_ingress_interface(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg into);
void emit_ingress_queue(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg into);
// Copies kCaptured bytes of the packet, fragments included if the context allows it, to R3 with a
// helper. Jumps to `failed` if the kernel refuses.
void emit_packet_copy(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);
// Tail-calls the recorder of the next capture, or returns the action.
void emit_return(ebpf::Assembler& code, const RecorderSpec& spec);

}  // namespace xdpcap::recorder
