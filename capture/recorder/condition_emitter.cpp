// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/condition_emitter.hpp"

#include <cstdint>

#include "recorder/context_emitter.hpp"
#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

constexpr Reg kNumber = Reg::r2;

// The 32-bit comparisons take immediates for unsigned numbers.
void emit_ranges(Assembler& code, std::span<const Range> ranges, Label no_match) {
  const Label met = code.label();
  for (const Range& range : ranges) {
    const auto first = static_cast<std::int32_t>(range.first);
    if (range.first == range.last) {
      code.jump32_if(Cond::eq, kNumber, first, met);
      continue;
    }
    const Label next = code.label();
    code.jump32_if(Cond::lt, kNumber, first, next);
    code.jump32_if(Cond::le, kNumber, static_cast<std::int32_t>(range.last), met);
    code.bind(next);
  }
  code.jump(no_match);
  code.bind(met);
}

}  // namespace

void emit_conditions(Assembler& code, const RecorderSpec& spec, Label no_match) {
  const Conditions& conditions = spec.conditions;
  if (!conditions.cpus.empty()) {
    code.note("is it on one of these CPUs?");
    code.load(Size::word, kNumber, Reg::r10, kCpuSlot);
    emit_ranges(code, conditions.cpus, no_match);
  }
  if (!conditions.queues.empty()) {
    code.note("did it arrive in one of these queues?");
    emit_ingress_queue(code, spec, kNumber);
    emit_ranges(code, conditions.queues, no_match);
  }
  if (!conditions.interfaces.empty()) {
    code.note("did it arrive on one of these interfaces?");
    emit_ingress_interface(code, spec, kNumber);
    emit_ranges(code, conditions.interfaces, no_match);
  }
}

}  // namespace xdpcap::recorder
