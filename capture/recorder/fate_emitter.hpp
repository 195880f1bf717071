// SPDX-License-Identifier: BSD-3-Clause
// Emits what a recorder does so that a packet's fate finds it (record.h: struct xdpcap_fate and
// struct xdpcap_last). Only recorders that note fates have any of this.
#pragma once

#include "filter/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// For every packet, whether it will match or not: it is now the last of this CPU. `offset` is where
// this CPU's line stands in the map, and is kept.
void emit_last_packet(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Reg offset);
// Lays an open fate into the block, at kNext, and moves kNext and kLength on.
void emit_fate(ebpf::Assembler& code, const RecorderSpec& spec);
// Tells where the fate of the finished block is to go. In front of the publication: what is
// published can be decided on.
void emit_fate_position(ebpf::Assembler& code, const RecorderSpec& spec);

}  // namespace xdpcap::recorder
