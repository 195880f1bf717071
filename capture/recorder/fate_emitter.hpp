// SPDX-License-Identifier: BSD-3-Clause
// Emits the code that lets tracing programs find a packet's block and fill in its fate (record.h:
// struct xdpcap_fate and struct xdpcap_last). Used with --fate only.
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Makes the packet the last of this CPU; for every packet, before the filter runs. `offset` is the
// offset of this CPU's entry in the map, and is preserved.
void emit_last_packet(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg offset);
// Writes an open fate into the block, at kNext, and advances kNext and kLength.
void emit_fate(ebpf::Assembler& code, const RecorderSpec& spec);
// Stores where the fate of the finished block is. Must come before the publication, after which a
// tracing program may fill it in.
void emit_fate_position(ebpf::Assembler& code, const RecorderSpec& spec);

}  // namespace xdpcap::recorder
