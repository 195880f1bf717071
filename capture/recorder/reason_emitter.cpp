// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/reason_emitter.hpp"

#include <linux/bpf.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

namespace {

constexpr Reg kPlace = Reg::r1;
constexpr Reg kWord = Reg::r2;
constexpr Reg kId = Reg::r3;

constexpr std::uint32_t kLine = sizeof(xdpcap_reasons_head);
static_assert(kLine == sizeof(xdpcap_counters));
constexpr int kActionBit = 16;
constexpr int kNumberBit = 32;
constexpr std::int32_t kMostId = 0xffff;
constexpr std::int32_t kMostAction = 0xff;

// kPlace = this CPU's word.
void emit_place(Assembler& code, const ReasonWords& words, Reg offset) {
  code.load_map_value(kPlace, words.fd, kLine);
  code.alu64(Alu::add, kPlace, offset);
}

// CPUs without a word.
void emit_cpu_limit(Assembler& code, const RecorderSpec& spec, Reg offset, Label none) {
  if (spec.cpus <= XDPCAP_REASON_CPUS) return;
  code.jump_if(Cond::ge, offset, static_cast<std::int32_t>(XDPCAP_REASON_CPUS * kLine), none);
}

// Falls through if the word in one map is not about this packet. One in a second map makes it
// doubtful which of the two is: then there is no reason.
void emit_reading(Assembler& code, const RecorderSpec& spec, const ReasonWords& words,
                  bool is_first, Reg offset, Label doubtful) {
  const Label next = code.label();
  const Label ours = code.label();
  emit_place(code, words, offset);
  code.load(Size::dword, kWord, kPlace, 0);
  code.jump_if(Cond::eq, kWord, 0, next);
  code.alu64(Alu::mov, kId, kWord);
  code.alu64(Alu::rsh, kId, kActionBit);
  code.alu64(Alu::bit_and, kId, kMostAction);
  code.jump_if(Cond::eq, kId, static_cast<std::int32_t>(spec.action.value()), ours);
  code.jump_if(Cond::ne, kId, XDPCAP_REASON_ANY_ACTION, next);
  code.bind(ours);
  code.alu64(Alu::mov, kId, kWord);
  code.alu64(Alu::bit_and, kId, kMostId);
  code.jump_if(Cond::eq, kId, 0, next);
  code.jump_if(Cond::gt, kId, static_cast<std::int32_t>(words.ids), next);
  if (!is_first) {
    code.load(Size::word, Reg::r4, Reg::r10, kReasonSlot);
    code.jump_if(Cond::ne, Reg::r4, 0, doubtful);
  }
  if (words.before != 0) code.alu64(Alu::add, kId, static_cast<std::int32_t>(words.before));
  code.store(Size::word, Reg::r10, kReasonSlot, kId);
  code.alu64(Alu::rsh, kWord, kNumberBit);
  code.store(Size::word, Reg::r10, kReasonNumberSlot, kWord);
  code.bind(next);
}

void emit_no_reason(Assembler& code) {
  code.store(Size::word, Reg::r10, kReasonSlot, 0);
  code.store(Size::word, Reg::r10, kReasonNumberSlot, 0);
}

void emit_count(Assembler& code, const RecorderSpec& spec, Reg offset, Label none) {
  const ReasonSpec& reasons = spec.reasons;
  code.load(Size::word, kId, Reg::r10, kReasonSlot);
  code.jump_if(Cond::eq, kId, 0, none);
  // Never true; it bounds the row for the verifier.
  code.jump_if(Cond::ge, kId, static_cast<std::int32_t>(reasons.rows), none);
  constexpr std::uint32_t kCounter = sizeof(std::uint64_t);
  code.alu64(Alu::lsh, kId, std::countr_zero(kCounter));
  code.alu64(Alu::mul, offset, static_cast<std::int32_t>(reason_counts_per_cpu(reasons) / kLine));
  code.load_map_value(kPlace, reasons.counts_fd, spec.counters_row * reasons.rows * kCounter);
  code.alu64(Alu::add, kPlace, offset);
  code.alu64(Alu::add, kPlace, kId);
  code.alu64(Alu::mov, kWord, 1);
  code.add_atomically(Size::dword, kPlace, 0, kWord);
}

}  // namespace

void emit_reason(Assembler& code, const RecorderSpec& spec, Reg offset) {
  const Label none = code.label();
  const Label doubtful = code.label();
  const Label known = code.label();
  code.note("the program's reason");
  emit_no_reason(code);
  emit_cpu_limit(code, spec, offset, none);
  const auto& all = spec.reasons.words;
  for (const ReasonWords& words : all) {
    emit_reading(code, spec, words, &words == all.data(), offset, doubtful);
  }
  if (all.size() > 1) {
    code.jump(known);
    code.bind(doubtful);
    emit_no_reason(code);
    code.bind(known);
  }
  emit_count(code, spec, offset, none);
  code.bind(none);
}

void emit_reason_record(Assembler& code) {
  code.note("the program's reason");
  code.load(Size::word, Reg::r3, Reg::r10, kReasonSlot);
  store_option_word(code, offsetof(xdpcap_reason, row), Reg::r3);
  code.load(Size::word, Reg::r3, Reg::r10, kReasonNumberSlot);
  store_option_word(code, offsetof(xdpcap_reason, number), Reg::r3);
  code.alu64(Alu::add, kNext, sizeof(xdpcap_reason));
  code.alu64(Alu::add, kLength, sizeof(xdpcap_reason));
}

// Without the stack: packets of excluded interfaces come here before the CPU is stored.
void emit_reason_removal(Assembler& code, const RecorderSpec& spec) {
  const Label none = code.label();
  const std::uint32_t cpus = std::min(spec.cpus, std::uint32_t{XDPCAP_REASON_CPUS});
  code.note("it is no other packet's reason");
  code.call(BPF_FUNC_get_smp_processor_id);
  code.jump_if(Cond::ge, Reg::r0, static_cast<std::int32_t>(cpus), none);
  code.alu64(Alu::lsh, Reg::r0, std::countr_zero(kLine));
  for (const ReasonWords& words : spec.reasons.words) {
    emit_place(code, words, Reg::r0);
    code.store(Size::dword, kPlace, 0, 0);
  }
  code.bind(none);
}

}  // namespace xdpcap::recorder
