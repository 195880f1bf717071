// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/forwarder.hpp"

#include "recorder/context_emitter.hpp"
#include "recorder/frame.hpp"

namespace xdpcap {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Reg;
using recorder::kContext;
using recorder::kCounters;

ebpf::Program make_forwarder(const RecorderSpec& spec, int recorder_fd) {
  Assembler code;
  recorder::emit_context(code, spec);
  code.note("only to refer to the map, by which recorders are known");
  code.load_map_value(kCounters, spec.control_fd, 0);
  code.note("the recorder, which does not return");
  code.alu64(Alu::mov, Reg::r1, kContext);
  code.load_map(Reg::r2, recorder_fd);
  code.alu64(Alu::mov, Reg::r3, 0);
  code.call(BPF_FUNC_tail_call);
  recorder::emit_return(code, spec);
  return code.assemble();
}

}  // namespace xdpcap
