// SPDX-License-Identifier: BSD-3-Clause
// Emits the copy of a packet's fragments into its block, in a tracing recorder. No helper copies
// them there (bpf_xdp_load_bytes() is for XDP programs only), so it reads the kernel's structs, and
// computes where the fragments are as the kernel does (struct FragmentLayout).
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Copies the bytes that follow those of the linear part into the block at kBlock. Sets kLinear, and
// reduces kCaptured to what could be copied: a packet with a fragment that cannot be read is cut
// before it. Jumps to `failed` never; that proves bounds to the verifier.
void emit_fragments(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label failed);

}  // namespace xdpcap::recorder
