// SPDX-License-Identifier: BSD-3-Clause
// The last step of the compiler: two backends, from a graph to eBPF instructions.
#pragma once

#include "ebpf/assembler.hpp"
#include "filter/cbpf.hpp"
#include "filter/codegen.hpp"
#include "filter/ir.hpp"

namespace xdpcap {

// Emits a graph after guard_packet(): reads the packet from R7 to R8, its linear part or a copy of
// its first bytes. If that is too short it jumps to `too_short`. The notes beside the instructions
// quote `filter`.
void emit_direct(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                 const FilterFrame& frame, ebpf::Label too_short);

// Emits a graph without guards: reads the whole packet through bpf_xdp_load_bytes() (since 5.18),
// which checks the bounds itself. Slower, for packets with fragments.
void emit_through_helper(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                         const FilterFrame& frame);

// The same through bpf_probe_read_kernel(), at the addresses in frame.bounds_slot.
void emit_by_probing(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                     const FilterFrame& frame);

}  // namespace xdpcap
