// SPDX-License-Identifier: BSD-3-Clause
// The recorder as a tracing program (fentry or fexit) on an XDP program. It cannot read the packet
// through pointers, and each read by a helper takes some 10 ns. So it reserves the block before the
// filter runs, copies the packet's first bytes there with one call, and runs the filter on them:
//
//   reserve ──▶ copy the prefix ──▶ filter ──▶ match: copy the rest, fill in the block, publish
//     │ no room, busy                 │ │
//     │                               │ └────▶ no match: cancel
//     ▼                               ▼ undecided: cancel
//   filter by probing: each load is a call ──▶ match: reserve, copy, fill in, publish; or lost
//
// A filter that reads no bytes starts at the second one, which then calls no helper.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter/codegen.hpp"
#include "recorder/block_emitter.hpp"
#include "recorder/context_emitter.hpp"
#include "recorder/fate_emitter.hpp"
#include "recorder/frame.hpp"
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

// Headers of several layers. A copy of that length takes some 10 ns more than a call alone.
constexpr std::uint32_t kMostPrefix = 256;

// Until the counters are found.
constexpr Reg kAction = Reg::r7;
constexpr Reg kIndex = Reg::r8;

class TracingRecorder {
 public:
  TracingRecorder(std::span<const RecorderSpec> specs, const CbpfProgram& filter)
      : specs_(specs),
        spec_(specs.front()),
        filter_(filter),
        prefix_(std::min(filter_reach(filter, spec_.filter_offsets), kMostPrefix)) {}

  ebpf::Program emit() {
    emit_prologue();
    if (prefix_ != 0) emit_fast_path();
    emit_slow_path();
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
  void emit_fast_path();
  void emit_prefix(Label failed);
  void emit_slow_path();
  void emit_record();
  void emit_lengths(std::uint32_t most);
  [[nodiscard]] FilterFrame frame(PacketAccess access, Label match, Label no_match) const;

  std::span<const RecorderSpec> specs_;
  const RecorderSpec& spec_;  // what they have in common
  const CbpfProgram& filter_;
  std::uint32_t prefix_;  // bytes that are copied for the filter
  Assembler code_;
  Label undecided_ = code_.label();
  Label reserved_ = code_.label();
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
  emit_dispatch();
  emit_counters();
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
  code_.store(Size::word, Reg::r10, kPrefixSlot, 0);
}

// Computes kOriginal and kCaptured, which is at most `most`. It may be 0: a packet may have nothing
// in its linear part.
void TracingRecorder::emit_lengths(std::uint32_t most) {
  const Label whole = code_.label();
  const auto limit = static_cast<std::int32_t>(std::min(most, std::uint32_t{XDPCAP_MOST_CAPTURED}));
  code_.load(Size::dword, kCaptured, Reg::r10, kEndSlot);
  code_.load(Size::dword, kOriginal, Reg::r10, kStartSlot);
  code_.alu64(Alu::sub, kCaptured, kOriginal);
  code_.load(Size::word, kOriginal, Reg::r10, kLengthSlot);
  code_.jump_if(Cond::le, kCaptured, limit, whole);
  code_.alu64(Alu::mov, kCaptured, limit);
  code_.bind(whole);
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

void TracingRecorder::emit_fast_path() {
  const Label match = code_.label();
  const Label no_match = code_.label();
  const Label cancel = code_.label();
  // The prefix must not reach into what the reader has not released, even if it is more than is to
  // be captured.
  emit_lengths(std::max(spec_.snaplen, prefix_));
  emit_reservation(code_, spec_, undecided_, cancel);
  emit_prefix(cancel);
  FilterFrame on_prefix = frame(PacketAccess::prefix, match, no_match);
  on_prefix.undecided = cancel;
  emit_filter_at(code_, filter_, spec_.filter_offsets, on_prefix);

  code_.bind(no_match);
  emit_cancellation(code_);
  code_.jump(return_);
  code_.bind(match);
  increment(code_, offsetof(xdpcap_counters, matched));
  emit_lengths(spec_.snaplen);
  code_.jump(reserved_);
  code_.bind(cancel);
  emit_cancellation(code_);
}

// Copies the prefix to where the packet belongs in the block, padded with zeros in case it is all
// that is to be captured, and sets R7 and R8 to its start and end. Begins with kCaptured, which is
// not less.
void TracingRecorder::emit_prefix(Label failed) {
  constexpr Reg kLength = Reg::r8;
  const Label whole = code_.label();
  const auto most = static_cast<std::int32_t>(prefix_);
  code_.note("copy what the filter reads");
  code_.alu64(Alu::mov, kLength, kCaptured);
  code_.jump_if(Cond::le, kLength, most, whole);
  code_.alu64(Alu::mov, kLength, most);
  code_.bind(whole);
  code_.store(Size::word, Reg::r10, kPrefixSlot, kLength);
  code_.load(Size::dword, Reg::r7, Reg::r10, kBlockSlot);
  code_.alu64(Alu::add, Reg::r7, static_cast<std::int32_t>(kPacket));
  code_.alu64(Alu::mov, Reg::r2, kLength);
  code_.alu64(Alu::bit_and, Reg::r2, ~3);
  code_.alu64(Alu::add, Reg::r2, Reg::r7);
  code_.store(Size::word, Reg::r2, 0, 0);
  code_.alu64(Alu::mov, Reg::r1, Reg::r7);
  code_.alu64(Alu::mov, Reg::r2, kLength);
  code_.load(Size::dword, Reg::r3, Reg::r10, kStartSlot);
  code_.call(BPF_FUNC_probe_read_kernel);
  code_.jump_if(Cond::ne, Reg::r0, 0, failed);
  code_.alu64(Alu::add, Reg::r8, Reg::r7);
}

void TracingRecorder::emit_slow_path() {
  const Label match = code_.label();
  code_.bind(undecided_);
  emit_filter_at(code_, filter_, spec_.filter_offsets, frame(PacketAccess::probe, match, return_));
  code_.bind(match);
  increment(code_, offsetof(xdpcap_counters, matched));
  if (prefix_ != 0) code_.store(Size::word, Reg::r10, kPrefixSlot, 0);
  emit_lengths(spec_.snaplen);
  emit_reservation(code_, spec_, lost_, failed_);
}

void TracingRecorder::emit_record() {
  code_.bind(reserved_);
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
