// SPDX-License-Identifier: BSD-3-Clause
// Emits the code that writes a block into the ring (struct xdpcap_block and what follows it).
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Fills in the block at kBlockSlot with kCaptured bytes of a packet of kOriginal bytes, and stores
// its length in kBlockLengthSlot. Jumps to `failed` if the kernel refuses to copy the packet.
void emit_block(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);

}  // namespace xdpcap::recorder
