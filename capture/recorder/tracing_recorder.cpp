// SPDX-License-Identifier: BSD-3-Clause
// The recorder as a tracing program (fentry or fexit) on an XDP program. It cannot read the packet
// through pointers, and each read by a helper takes some 10 ns. So it copies the packet's first
// bytes to this CPU's scratch memory with one call, and runs the filter there:
//
//   copy the prefix ──▶ filter ──▶ no match: return
//                         │ └────▶ match ───────────────────────▶ reserve, copy, fill in, publish
//                         ▼ undecided                                              ▲
//                       filter by probing: each load is a call ──▶ match ──────────┘
//
// The copy is not made where the block will be: for that the ring would have to be marked as busy
// during the filter, and the reader waits for busy rings, even for packets that do not match.
//
// A filter that reads no bytes starts at the second filter, which then calls no helper.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter/codegen.hpp"
#include "recorder/block_emitter.hpp"
#include "recorder/budget_emitter.hpp"
#include "recorder/condition_emitter.hpp"
#include "recorder/context_emitter.hpp"
#include "recorder/fate_emitter.hpp"
#include "recorder/frame.hpp"
#include "recorder/packet_number_emitter.hpp"
#include "recorder/recorder.hpp"
#include "recorder/ring_emitter.hpp"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
using namespace recorder;

// Until the counters are found.
constexpr Reg kAction = Reg::r7;
constexpr Reg kIndex = Reg::r8;

constexpr auto kFromPrefixToMark =
    static_cast<std::int16_t>(offsetof(xdpcap_scratch, busy) - offsetof(xdpcap_scratch, prefix));

class TracingRecorder {
 public:
  TracingRecorder(std::span<const RecorderSpec> specs, const CbpfProgram& filter)
      : specs_(specs),
        spec_(specs.front()),
        filter_(filter),
        prefix_(std::min(filter_reach(filter, spec_.filter_offsets), XDPCAP_MOST_PREFIX)) {}

  ebpf::Program emit() {
    emit_prologue();
    if (prefix_ != 0) emit_fast_filter();
    code_.bind(undecided_);
    emit_filter_at(code_, filter_, spec_.filter_offsets,
                   frame(PacketAccess::probe, match_, return_));
    emit_record();
    code_.bind(return_);
    emit_return(code_, spec_);
    return code_.assemble();
  }

 private:
  void emit_prologue();
  void emit_dispatch();
  void emit_counters();
  void emit_packet();
  void emit_fast_filter();
  void emit_scratch(Label cancel);
  void emit_scratch_mark(std::int32_t change);
  void emit_prefix(Label failed);
  void emit_record();
  void emit_lengths();
  [[nodiscard]] FilterFrame frame(PacketAccess access, Label match, Label no_match) const;

  std::span<const RecorderSpec> specs_;
  const RecorderSpec& spec_;  // what they have in common
  const CbpfProgram& filter_;
  std::uint32_t prefix_;  // bytes that are copied for the filter
  Assembler code_;
  Label undecided_ = code_.label();
  Label match_ = code_.label();
  Label failed_ = code_.label();
  Label lost_ = code_.label();
  Label return_ = code_.label();
};

void TracingRecorder::emit_prologue() {
  if (!at_entry(spec_)) {
    // An int, whose upper half is nothing.
    code_.load(Size::dword, kAction, Reg::r1, sizeof(std::uint64_t));
    code_.alu32(Alu::mov, kAction, kAction);
  }
  emit_context(code_, spec_);
  emit_exclusion(code_, spec_, return_);
  if (numbers_packets(spec_)) emit_packet_number(code_, spec_, return_);
  emit_dispatch();
  emit_counters();
  emit_conditions(code_, spec_, return_);
  emit_packet();
}

// What depends on the action goes to the stack. All else is emitted once, and verified once.
void TracingRecorder::emit_dispatch() {
  const Label known = code_.label();
  std::vector<Label> arms;
  const auto is_aborted = [](const RecorderSpec& spec) {
    return spec.action.value() == XDP_ABORTED;
  };
  if (!at_entry(spec_)) {
    code_.note("the action");
    code_.store(Size::word, Reg::r10, kActionSlot, kAction);
    for (const RecorderSpec& spec : specs_) {
      arms.push_back(code_.label());
      const auto action = static_cast<std::int32_t>(spec.action.value());
      code_.jump32_if(Cond::eq, kAction, action, arms.back());
    }
    const auto aborted = std::ranges::find_if(specs_, is_aborted);
    if (aborted != specs_.end()) {
      code_.jump_if(Cond::gt, kAction, XDP_REDIRECT, arms[aborted - specs_.begin()]);
    }
    code_.jump(return_);
  }
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (i < arms.size()) code_.bind(arms[i]);
    code_.store(Size::word, Reg::r10, kInterfaceSlot,
                static_cast<std::int32_t>(specs_[i].interface_id));
    code_.alu64(Alu::mov, kIndex, static_cast<std::int32_t>(specs_[i].counters_row * spec_.cpus));
    if (i + 1 < specs_.size()) code_.jump(known);
  }
  code_.bind(known);
}

void TracingRecorder::emit_counters() {
  const auto row = [](const RecorderSpec& spec) { return spec.counters_row; };
  const std::uint32_t rows = row(*std::ranges::max_element(specs_, {}, row)) + 1;
  code_.note("count on this CPU");
  code_.call(BPF_FUNC_get_smp_processor_id);
  // Never true, as below; it bounds the index for the verifier.
  code_.jump_if(Cond::ge, Reg::r0, static_cast<std::int32_t>(spec_.cpus), return_);
  code_.store(Size::word, Reg::r10, kCpuSlot, Reg::r0);
  // Through the stack, so that the verifier does not distinguish the actions from here on.
  code_.alu64(Alu::add, kIndex, Reg::r0);
  code_.store(Size::word, Reg::r10, kIndexSlot, kIndex);
  code_.load(Size::word, kIndex, Reg::r10, kIndexSlot);
  code_.jump_if(Cond::ge, kIndex, static_cast<std::int32_t>(rows * spec_.cpus), return_);
  constexpr int kShift = std::countr_zero(sizeof(xdpcap_counters));
  code_.alu64(Alu::lsh, kIndex, kShift);
  code_.load_map_value(kCounters, spec_.control_fd, sizeof(xdpcap_control));
  code_.alu64(Alu::add, kCounters, kIndex);
  if (notes_fate(spec_)) {
    code_.alu64(Alu::lsh, Reg::r0, kShift);
    emit_last_packet(code_, spec_, Reg::r0);
  }
  increment(code_, offsetof(xdpcap_counters, received));
}

void TracingRecorder::emit_packet() {
  code_.note("the packet");
  emit_packet_bounds(code_, spec_, kStart, kEnd);
  code_.store(Size::dword, Reg::r10, kStartSlot, kStart);
  code_.store(Size::dword, Reg::r10, kEndSlot, kEnd);
  emit_original_length(code_, spec_);
  code_.store(Size::word, Reg::r10, kLengthSlot, kOriginal);
}

FilterFrame TracingRecorder::frame(PacketAccess access, Label match, Label no_match) const {
  return {.access = access,
          .length_slot = kLengthSlot,
          .bounds_slot = kStartSlot,
          .stack_top = filter_stack_top(spec_),
          .match = match,
          .no_match = no_match,
          .prefix = prefix_};
}

void TracingRecorder::emit_fast_filter() {
  const Label match = code_.label();
  const Label no_match = code_.label();
  const Label cancel = code_.label();
  code_.note("copy what the filter reads");
  emit_scratch(cancel);
  emit_prefix(cancel);
  FilterFrame on_prefix = frame(PacketAccess::prefix, match, no_match);
  on_prefix.undecided = cancel;
  emit_filter_at(code_, filter_, spec_.filter_offsets, on_prefix);
  code_.bind(no_match);
  emit_scratch_mark(-1);
  code_.jump(return_);
  code_.bind(match);
  emit_scratch_mark(-1);
  code_.jump(match_);
  code_.bind(cancel);
  emit_scratch_mark(-1);
}

// R7 = where the copy goes in this CPU's scratch memory, which is marked. Jumps to `cancel` if a
// recorder that this one has interrupted uses it.
void TracingRecorder::emit_scratch(Label cancel) {
  code_.load(Size::word, Reg::r7, Reg::r10, kCpuSlot);
  // Never true; it bounds the number for the verifier.
  code_.jump_if(Cond::ge, Reg::r7, static_cast<std::int32_t>(spec_.cpus), return_);
  code_.alu64(Alu::lsh, Reg::r7, std::countr_zero(sizeof(xdpcap_scratch)));
  code_.load_map_value(Reg::r1, spec_.traced->scratch_fd, offsetof(xdpcap_scratch, prefix));
  code_.alu64(Alu::add, Reg::r7, Reg::r1);
  emit_scratch_mark(1);
  code_.load(Size::dword, Reg::r1, Reg::r7, kFromPrefixToMark);
  code_.jump_if(Cond::ne, Reg::r1, 1, cancel);
}

void TracingRecorder::emit_scratch_mark(std::int32_t change) {
  code_.alu64(Alu::mov, Reg::r1, change);
  code_.add_atomically(Size::dword, Reg::r7, kFromPrefixToMark, Reg::r1);
}

// R7 and R8 = start and end of the copy.
void TracingRecorder::emit_prefix(Label failed) {
  const Label whole = code_.label();
  const auto most = static_cast<std::int32_t>(prefix_);
  code_.load(Size::dword, Reg::r8, Reg::r10, kEndSlot);
  code_.load(Size::dword, Reg::r3, Reg::r10, kStartSlot);
  code_.alu64(Alu::sub, Reg::r8, Reg::r3);
  code_.jump_if(Cond::le, Reg::r8, most, whole);
  code_.alu64(Alu::mov, Reg::r8, most);
  code_.bind(whole);
  code_.alu64(Alu::mov, Reg::r1, Reg::r7);
  code_.alu64(Alu::mov, Reg::r2, Reg::r8);
  code_.call(BPF_FUNC_probe_read_kernel);
  code_.jump_if(Cond::ne, Reg::r0, 0, failed);
  code_.alu64(Alu::add, Reg::r8, Reg::r7);
}

// Computes kOriginal and kCaptured. If the recorder reads fragments, the latter is what is captured
// if all of them can be read; else it may be 0: a packet may have nothing in its linear part.
void TracingRecorder::emit_lengths() {
  const Label whole = code_.label();
  const auto limit =
      static_cast<std::int32_t>(std::min(spec_.snaplen, std::uint32_t{XDPCAP_MOST_CAPTURED}));
  if (reads_fragments(spec_)) {
    code_.load(Size::word, kOriginal, Reg::r10, kLengthSlot);
    code_.alu64(Alu::mov, kCaptured, kOriginal);
  } else {
    code_.load(Size::dword, kCaptured, Reg::r10, kEndSlot);
    code_.load(Size::dword, kOriginal, Reg::r10, kStartSlot);
    code_.alu64(Alu::sub, kCaptured, kOriginal);
    code_.load(Size::word, kOriginal, Reg::r10, kLengthSlot);
  }
  code_.jump_if(Cond::le, kCaptured, limit, whole);
  code_.alu64(Alu::mov, kCaptured, limit);
  code_.bind(whole);
}

void TracingRecorder::emit_record() {
  code_.bind(match_);
  emit_budget(code_, spec_, return_);
  increment(code_, offsetof(xdpcap_counters, matched));
  if (spec_.only_counts) return;
  emit_lengths();
  emit_reservation(code_, spec_, lost_, failed_);
  emit_block(code_, spec_, failed_);
  if (notes_fate(spec_)) emit_fate_position(code_, spec_);
  emit_publication(code_, spec_);
  emit_wake_up(code_, spec_, return_);
  code_.jump(return_);
  code_.bind(failed_);
  emit_cancellation(code_);
  code_.bind(lost_);
  increment(code_, offsetof(xdpcap_counters, lost));
}

}  // namespace

ebpf::Program make_tracing_recorder(std::span<const RecorderSpec> specs,
                                    const CbpfProgram& filter) {
  return TracingRecorder(specs, filter).emit();
}

}  // namespace xdpcap
