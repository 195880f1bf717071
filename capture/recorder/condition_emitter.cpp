// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/condition_emitter.hpp"

#include <cstddef>
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

// A binary search: excluding a thousand interfaces costs eleven comparisons or so. Falls through if
// the number is none of them.
void emit_search(Assembler& code, std::span<const std::uint32_t> sorted, Label found) {
  constexpr std::size_t kFew = 4;
  if (sorted.size() <= kFew) {
    for (const std::uint32_t one : sorted) {
      code.jump32_if(Cond::eq, kNumber, static_cast<std::int32_t>(one), found);
    }
    return;
  }
  const std::size_t middle = sorted.size() / 2;
  const Label upper = code.label();
  const Label not_found = code.label();
  code.jump32_if(Cond::ge, kNumber, static_cast<std::int32_t>(sorted[middle]), upper);
  emit_search(code, sorted.first(middle), found);
  code.jump(not_found);
  code.bind(upper);
  emit_search(code, sorted.subspan(middle), found);
  code.bind(not_found);
}

}  // namespace

void emit_exclusion(Assembler& code, const RecorderSpec& spec, Label excluded) {
  if (spec.conditions.excluded_interfaces.empty()) return;
  code.note("did it arrive on an interface of another source?");
  emit_ingress_interface(code, spec, kNumber);
  emit_search(code, spec.conditions.excluded_interfaces, excluded);
}

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
  if (!spec.reasons.chosen.empty()) {
    code.note("did the program give one of these reasons?");
    code.load(Size::word, kNumber, Reg::r10, kReasonSlot);
    emit_ranges(code, spec.reasons.chosen, no_match);
  }
}

}  // namespace xdpcap::recorder
