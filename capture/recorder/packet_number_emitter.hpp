// SPDX-License-Identifier: BSD-3-Clause
// Emits the code that tells which records are of the same packet (struct xdpcap_scratch).
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Stores the id of the packet in kPacketIdSlot: a new one at the entry; at the exit that from the
// entry, or 0. Comes first, also for packets that are not recorded: what the exit leaves behind,
// the next packet could take for its own. Preserves kContext and R7. Never jumps to `never`; it
// bounds the CPU for the verifier.
void emit_packet_number(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label never);

}  // namespace xdpcap::recorder
