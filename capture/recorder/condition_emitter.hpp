// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "ebpf/assembler.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap::recorder {

// Jumps to `excluded` if the packet arrived on one of spec.conditions.excluded_interfaces; emits
// nothing if there are none. After kContext is set. Clobbers R2.
void emit_exclusion(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label excluded);

// Jumps to `no_match` if the packet does not meet spec.conditions. After kContext and kCpuSlot are
// set. Clobbers R2.
void emit_conditions(ebpf::Assembler& code, const RecorderSpec& spec, ebpf::Label no_match);

}  // namespace xdpcap::recorder
