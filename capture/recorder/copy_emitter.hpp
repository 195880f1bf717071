// SPDX-License-Identifier: BSD-3-Clause
// Emits the copy of a packet into its block.
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Copies kCaptured bytes into the block at kBlock. Jumps to `failed` if the kernel refuses.
void emit_copy(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);

}  // namespace xdpcap::recorder
