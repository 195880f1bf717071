// SPDX-License-Identifier: BSD-3-Clause
// Emits what a recorder does with its ring (record.h): find it, make room, publish, wake the
// reader.
#pragma once

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Finds this CPU's ring, marks it as busy, and makes sure that it has room for kCaptured bytes of a
// packet. A packet that has no ring goes to `lost`; one that cannot be recorded though the ring has
// been marked, to `failed`.
void emit_reservation(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label lost,
                      ebpf::Label failed);
// Shows the reader the block, whose length is in kBlockLengthSlot, and takes the mark off. Leaves
// kRing and kHead.
void emit_publication(ebpf::Assembler& code, const RecorderSpec& spec);
// After emit_publication(): wakes the reader if it wants that, or jumps to `done`.
void emit_wake_up(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label done);
// Takes the mark off without a block.
void emit_cancellation(ebpf::Assembler& code);

}  // namespace xdpcap::recorder
