// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Jumps to `no_match` if the packet does not meet spec.conditions. After kContext and kCpuSlot are
// set. Clobbers R2.
void emit_conditions(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label no_match);

}  // namespace xdpcap::recorder
