// SPDX-License-Identifier: BSD-3-Clause
// Emits the choice among the packets that match: a sample, and a limit on their rate (Budget).
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Counts the packet as left out and jumps to `done` if the budget has no room for it; emits nothing
// without a budget. For a packet that the filter has matched, before it is counted as matched, and
// before anything is reserved or copied for it. Clobbers R0 to R5 and kTickSlot.
void emit_budget(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label done);

// Draws the random number that decides about a packet at both ends of its program, and stores it
// in kDrawSlot. Clobbers R0 to R5.
void emit_draw(ebpf::Assembler& code);

}  // namespace xdpcap::recorder
