// SPDX-License-Identifier: BSD-3-Clause
#include "filter/filter_program.hpp"

#include <cstddef>

#include "filter/codegen.hpp"

namespace xdpcap::test {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

constexpr std::int32_t kSentinel = 0x5eed;

// stack   -4  length of the packet: the filter's (frags only)
//        -16  R7 - R8 as it was before the filter
constexpr std::int16_t kLengthSlot = -4;
constexpr std::int16_t kLinearSlot = -16;

void emit_prologue(Assembler& code) {
  code.alu64(Alu::mov, Reg::r6, Reg::r1);
  code.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
  code.alu64(Alu::mov, Reg::r1, Reg::r7);
  code.alu64(Alu::sub, Reg::r1, Reg::r8);
  code.store(Size::dword, Reg::r10, kLinearSlot, Reg::r1);
  code.alu64(Alu::mov, Reg::r9, kSentinel);
}

// Ends with `verdict`, or with kBrokenContract when R6 to R9 are not what they were.
void emit_epilogue(Assembler& code, std::uint32_t verdict) {
  const Label broken = code.label();
  code.jump_if(Cond::ne, Reg::r9, kSentinel, broken);
  code.alu64(Alu::sub, Reg::r7, Reg::r8);
  code.load(Size::dword, Reg::r1, Reg::r10, kLinearSlot);
  code.jump_if(Cond::ne, Reg::r7, Reg::r1, broken);
  code.load(Size::word, Reg::r1, Reg::r6, offsetof(xdp_md, data_end));
  code.jump_if(Cond::ne, Reg::r1, Reg::r8, broken);
  code.alu64(Alu::mov, Reg::r0, static_cast<std::int32_t>(verdict));
  code.exit();
  code.bind(broken);
  code.alu64(Alu::mov, Reg::r0, static_cast<std::int32_t>(kBrokenContract));
  code.exit();
}

}  // namespace

ebpf::Program make_filter_program(const CbpfProgram& filter, bool frags,
                                  std::span<const std::uint32_t> offsets) {
  Assembler code;
  emit_prologue(code);
  const FilterFrame frame{.frags = frags,
                          .length_slot = kLengthSlot,
                          .stack_top = kLinearSlot,
                          .match = code.label(),
                          .no_match = code.label()};
  emit_filter_at(code, filter, offsets, frame);
  code.bind(frame.match);
  emit_epilogue(code, kMatch);
  code.bind(frame.no_match);
  emit_epilogue(code, kNoMatch);
  return code.assemble();
}

std::size_t filter_size(const CbpfProgram& filter) {
  Assembler code;
  const FilterFrame frame{
      .length_slot = -4, .stack_top = -8, .match = code.label(), .no_match = code.label()};
  emit_filter(code, filter, frame);
  return code.size();
}

}  // namespace xdpcap::test
