// SPDX-License-Identifier: BSD-3-Clause
// The last step of the compiler: a graph to eBPF instructions, in two flavours.
#pragma once

#include "filter/assembler.hpp"
#include "filter/cbpf.hpp"
#include "filter/codegen.hpp"
#include "filter/ir.hpp"

namespace xdpcap {

// Emits a graph that guard_packet() has been over: it reads the packet's linear part through its
// pointers. A packet whose linear part is too short goes to `too_short`. `filter` is what the notes
// beside the instructions quote.
void emit_direct(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                 const FilterFrame& frame, ebpf::Label too_short);

// Emits a graph without guards: it reads the whole packet through bpf_xdp_load_bytes() (from 5.18
// on), which checks the bounds itself. Slower, for packets that have fragments.
void emit_through_helper(ebpf::Assembler& code, const ir::Graph& graph, const CbpfProgram& filter,
                         const FilterFrame& frame);

}  // namespace xdpcap
