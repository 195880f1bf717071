// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/recorder.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "filter/codegen.hpp"
#include "recorder/block_emitter.hpp"
#include "recorder/budget_emitter.hpp"
#include "recorder/condition_emitter.hpp"
#include "recorder/context_emitter.hpp"
#include "recorder/fate_emitter.hpp"
#include "recorder/frame.hpp"
#include "recorder/reason_emitter.hpp"
#include "recorder/ring_emitter.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
using recorder::kCaptured;
using recorder::kCounters;
using recorder::kCpuSlot;
using recorder::kEnd;
using recorder::kLengthSlot;
using recorder::kOriginal;
using recorder::kStart;

class Recorder {
 public:
  Recorder(const RecorderSpec& spec, const CbpfProgram& filter) : spec_(spec), filter_(filter) {}

  ebpf::Program emit() {
    emit_prologue();
    emit_filter_at(code_, filter_, spec_.filter_offsets,
                   {.access = sees_fragments(spec_) ? PacketAccess::frags : PacketAccess::linear,
                    .length_slot = kLengthSlot,
                    .stack_top = recorder::filter_stack_top(spec_),
                    .match = match_,
                    .no_match = return_action_});
    emit_record();
    code_.bind(return_action_);
    recorder::emit_return(code_, spec_);
    return code_.assemble();
  }

 private:
  void emit_record() {
    code_.bind(match_);
    recorder::emit_budget(code_, spec_, return_action_);
    recorder::increment(code_, offsetof(xdpcap_counters, matched));
    if (spec_.only_counts) return;
    emit_lengths();
    recorder::emit_reservation(code_, spec_, lost_, failed_);
    recorder::emit_block(code_, spec_, failed_);
    if (notes_fate(spec_)) recorder::emit_fate_position(code_, spec_);
    recorder::emit_publication(code_, spec_);
    recorder::emit_wake_up(code_, spec_, return_action_);
    code_.jump(return_action_);
    code_.bind(failed_);
    recorder::emit_cancellation(code_);
    emit_loss();
  }

  void emit_prologue();
  void emit_lengths();
  void emit_loss();

  const RecorderSpec& spec_;
  const CbpfProgram& filter_;
  Assembler code_;
  Label match_ = code_.label();
  Label lost_ = code_.label();
  Label failed_ = code_.label();
  Label return_action_ = code_.label();
};

void Recorder::emit_prologue() {
  recorder::emit_context(code_, spec_);
  recorder::emit_exclusion(code_, spec_, return_action_);
  code_.note("count on this CPU");
  code_.call(BPF_FUNC_get_smp_processor_id);
  // Never true; it bounds the index for the verifier.
  code_.jump_if(Cond::ge, Reg::r0, static_cast<std::int32_t>(spec_.cpus), return_action_);
  code_.store(Size::word, Reg::r10, kCpuSlot, Reg::r0);
  static_assert(std::has_single_bit(sizeof(xdpcap_counters)));
  code_.alu64(Alu::lsh, Reg::r0, std::countr_zero(sizeof(xdpcap_counters)));
  const auto row = static_cast<std::uint32_t>(
      sizeof(xdpcap_control) + sizeof(xdpcap_counters) * spec_.cpus * spec_.counters_row);
  code_.load_map_value(kCounters, spec_.control_fd, row);
  code_.alu64(Alu::add, kCounters, Reg::r0);
  if (notes_fate(spec_)) recorder::emit_last_packet(code_, spec_, Reg::r0);
  if (notes_reason(spec_)) recorder::emit_reason(code_, spec_, Reg::r0);
  recorder::increment(code_, offsetof(xdpcap_counters, received));
  recorder::emit_conditions(code_, spec_, return_action_);
  recorder::emit_packet_bounds(code_, spec_, kStart, kEnd);
}

// Computes kOriginal and kCaptured from kStart and kEnd.
void Recorder::emit_lengths() {
  recorder::emit_original_length(code_, spec_);
  // 32-bit moves clear the upper half: the verifier then knows an unsigned number.
  code_.alu32(Alu::mov, kCaptured, kOriginal);
  const Label whole = code_.label();
  const auto snaplen =
      static_cast<std::int32_t>(std::min(spec_.snaplen, std::uint32_t{XDPCAP_MOST_CAPTURED}));
  code_.jump_if(Cond::le, kCaptured, snaplen, whole);
  code_.alu64(Alu::mov, kCaptured, snaplen);
  code_.bind(whole);
  // XDP has no empty packets, but copy helpers take no length that may be 0.
  code_.jump_if(Cond::eq, kCaptured, 0, lost_);
}

void Recorder::emit_loss() {
  code_.bind(lost_);
  recorder::increment(code_, offsetof(xdpcap_counters, lost));
}

}  // namespace

ebpf::Program make_recorder(const RecorderSpec& spec, const CbpfProgram& filter) {
  return Recorder(spec, filter).emit();
}

}  // namespace xdpcap
