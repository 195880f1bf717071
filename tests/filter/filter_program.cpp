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

// stack  -24  the packet's end, as a number
//        -32  the packet's start, as a number
constexpr std::int16_t kBoundsSlot = -32;

// Sends `pointer` through the map, where the verifier loses sight of it.
void emit_number(Assembler& code, Reg pointer, std::int16_t slot) {
  code.store(Size::dword, Reg::r9, 0, pointer);
  code.load(Size::dword, Reg::r1, Reg::r9, 0);
  code.store(Size::dword, Reg::r10, slot, Reg::r1);
}

void emit_probing_prologue(Assembler& code, int map_fd) {
  code.alu64(Alu::mov, Reg::r6, Reg::r1);
  code.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
  code.load_map_value(Reg::r9, map_fd, 0);
  emit_number(code, Reg::r7, kBoundsSlot);
  emit_number(code, Reg::r8, kBoundsSlot + 8);
  code.load(Size::dword, Reg::r7, Reg::r10, kBoundsSlot);
  code.load(Size::dword, Reg::r8, Reg::r10, kBoundsSlot + 8);
  code.alu64(Alu::sub, Reg::r8, Reg::r7);
  code.store(Size::word, Reg::r10, kLengthSlot, Reg::r8);
}

// R7 to R8 = a copy of the packet's first bytes.
void emit_copy(Assembler& code, std::uint32_t prefix, Label failed) {
  const Label known = code.label();
  const auto most = static_cast<std::int32_t>(prefix);
  code.jump_if(Cond::le, Reg::r8, most, known);
  code.alu64(Alu::mov, Reg::r8, most);
  code.bind(known);
  code.alu64(Alu::mov, Reg::r1, Reg::r9);
  code.alu64(Alu::add, Reg::r1, static_cast<std::int32_t>(kCopyOffset));
  code.alu64(Alu::mov, Reg::r2, Reg::r8);
  code.alu64(Alu::mov, Reg::r3, Reg::r7);
  code.call(BPF_FUNC_probe_read_kernel);
  code.jump_if(Cond::ne, Reg::r0, 0, failed);
  code.alu64(Alu::mov, Reg::r7, Reg::r9);
  code.alu64(Alu::add, Reg::r7, static_cast<std::int32_t>(kCopyOffset));
  code.alu64(Alu::add, Reg::r8, Reg::r7);
}

// Ends with `verdict`, or with kBrokenContract when R9 is not what it was.
void emit_probing_epilogue(Assembler& code, std::uint32_t verdict) {
  const Label broken = code.label();
  code.jump_if(Cond::ne, Reg::r9, kSentinel, broken);
  code.load(Size::word, Reg::r1, Reg::r6, offsetof(xdp_md, data_end));
  code.alu64(Alu::mov, Reg::r0, static_cast<std::int32_t>(verdict));
  code.exit();
  code.bind(broken);
  code.alu64(Alu::mov, Reg::r0, static_cast<std::int32_t>(kBrokenContract));
  code.exit();
}

}  // namespace

ebpf::Program make_probing_program(const CbpfProgram& filter, std::uint32_t prefix, int map_fd,
                                   std::span<const std::uint32_t> offsets) {
  Assembler code;
  emit_probing_prologue(code, map_fd);
  FilterFrame frame{.access = PacketAccess::prefix,
                    .length_slot = kLengthSlot,
                    .bounds_slot = kBoundsSlot,
                    .stack_top = kBoundsSlot,
                    .match = code.label(),
                    .no_match = code.label(),
                    .prefix = prefix,
                    .undecided = code.label()};
  if (prefix != 0) emit_copy(code, prefix, *frame.undecided);
  code.alu64(Alu::mov, Reg::r9, kSentinel);
  if (prefix != 0) emit_filter_at(code, filter, offsets, frame);
  code.bind(*frame.undecided);
  frame.access = PacketAccess::probe;
  emit_filter_at(code, filter, offsets, frame);
  code.bind(frame.match);
  emit_probing_epilogue(code, kMatch);
  code.bind(frame.no_match);
  emit_probing_epilogue(code, kNoMatch);
  return code.assemble();
}

ebpf::Program make_filter_program(const CbpfProgram& filter, bool frags,
                                  std::span<const std::uint32_t> offsets) {
  Assembler code;
  emit_prologue(code);
  const FilterFrame frame{.access = frags ? PacketAccess::frags : PacketAccess::linear,
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
