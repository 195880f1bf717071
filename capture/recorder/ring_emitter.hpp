// SPDX-License-Identifier: BSD-3-Clause
// Emits a recorder's operations on its ring (record.h): look it up, reserve room, publish, wake the
// reader.
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Looks up this CPU's ring, marks it as busy, and checks that it has room for kCaptured bytes of a
// packet. Jumps to `lost` if there is no ring, and to `failed` if the packet cannot be recorded
// after the ring was marked.
void emit_reservation(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label lost,
                      ebpf::Label failed);
// Publishes the block, whose length is in kBlockLengthSlot, and removes the mark. Sets kRing and
// kHead.
void emit_publication(ebpf::Assembler& code, const RecorderSpec& spec);
// After emit_publication(): wakes the reader if needed, else jumps to `done`.
void emit_wake_up(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label done);
// Removes the mark without publishing a block.
void emit_cancellation(ebpf::Assembler& code);

}  // namespace xdpcap::recorder
