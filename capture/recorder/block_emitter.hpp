// SPDX-License-Identifier: BSD-3-Clause
// Emits the block that a recorder lays into its ring (struct xdpcap_block and what follows it).
#pragma once

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Fills in the block at kBlockSlot: kCaptured bytes of a packet that has kOriginal. Leaves its
// length in kBlockLengthSlot. `failed` is where a packet goes that the kernel does not let be
// copied.
void emit_block(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);

}  // namespace xdpcap::recorder
