// SPDX-License-Identifier: BSD-3-Clause
// Emits the code that reads why the program decided as it did: from the word of this CPU that the
// program has stored just before it called the recorder (bpf/hook/xdpcap.h). Only a word that has
// the action of the recorder, or any, is about its packet. What is read is removed afterwards, so
// that a program which stores nothing, and shares the hook, does not show the reason of another
// one.
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Stores the reason in kReasonSlot and kReasonNumberSlot, and counts it. `offset` is this CPU's
// number times 64; it is clobbered, as are R1 to R5.
void emit_reason(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg offset);
// Writes the reason into the block, at kNext, and advances kNext and kLength.
void emit_reason_record(ebpf::Assembler& code);
// Removes the reason: after the recorders of all other captures have read it. Clobbers R0 to R5.
void emit_reason_removal(ebpf::Assembler& code, const RecorderSpec& spec);

}  // namespace xdpcap::recorder
