// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/recorder.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <vector>

#include "filter/codegen.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;

// Registers, from the first instruction to the last (the filter keeps R6 to R9):
//
//   R6  context (xdp_md *)
//   R7  start of the packet; once the filter has matched, bytes to capture
//   R8  end of the packet; once the filter has matched, original length
//   R9  this CPU's counters
//
// Stack:
//
//   R10 - 4   u32 CPU: the key into the rings
//   R10 - 8   u32 length of the whole packet (frags only)
//   R10 - 16  ring
//   R10 - 24  record
//   below     the filter's
constexpr std::int16_t kCpuSlot = -4;
constexpr std::int16_t kLengthSlot = -8;
constexpr std::int16_t kRingSlot = -16;
constexpr std::int16_t kRecordSlot = -24;
constexpr std::int16_t kFilterStackTop = -24;

// Reservations must be constants, so records come in classes: the most packet bytes that fit. Each
// is a path for the verifier, and rounding up wastes ring, so they are dense where packets are.
constexpr std::array<std::uint32_t, 12> kClasses = {64,   128,  256,  512,   1024,  1536,
                                                    2048, 4096, 9216, 16384, 65536, kMaxSnaplen};

// The verifier bounds "length rounded up to 4" by length + 3, so the tail may seem to start there.
constexpr std::uint32_t kRoundingSlack = 4;
constexpr std::uint32_t kRecordOverhead =
    sizeof(xdpcap_record) + sizeof(xdpcap_record_tail) + kRoundingSlack;

std::vector<std::uint32_t> classes_for(std::uint32_t snaplen) {
  std::vector<std::uint32_t> classes;
  for (const std::uint32_t size : kClasses) {
    if (size >= snaplen) break;
    classes.push_back(size);
  }
  classes.push_back((snaplen + 3) & ~3U);
  return classes;
}

class Recorder {
 public:
  Recorder(const RecorderSpec& spec, const CbpfProgram& filter) : spec_(spec), filter_(filter) {}

  ebpf::Program emit() {
    emit_prologue();
    emit_filter_at(code_, filter_, spec_.filter_offsets,
                   {.frags = spec_.frags,
                    .length_slot = kLengthSlot,
                    .stack_top = kFilterStackTop,
                    .match = match_,
                    .no_match = return_action_});
    // The verifier refuses code that nothing reaches, and some filters never match.
    if (code_.is_target(match_)) emit_record();
    emit_return();
    return code_.assemble();
  }

 private:
  void emit_record() {
    code_.bind(match_);
    increment(offsetof(xdpcap_counters, matched));
    emit_lengths();
    emit_reservation();
    emit_block_header();
    emit_block_tail();
    emit_copy();
    emit_submit();
    code_.jump(return_action_);
    emit_loss();
  }

  void emit_prologue();
  void emit_lengths();
  void emit_reservation();
  void emit_block_header();
  void emit_block_tail();
  void emit_copy();
  void emit_submit();
  void emit_loss();
  void emit_return();

  void increment(std::size_t counter);
  void store_field(std::size_t offset, Reg src);
  void store_field(std::size_t offset, std::uint32_t value);
  void store_tail(std::size_t offset, std::uint32_t value);
  void store_option(std::size_t offset, std::uint16_t code, std::uint16_t length);

  const RecorderSpec& spec_;
  const CbpfProgram& filter_;
  Assembler code_;
  Label match_ = code_.label();
  Label lost_ = code_.label();
  Label discard_ = code_.label();
  Label return_action_ = code_.label();
};

void Recorder::emit_prologue() {
  code_.alu64(Alu::mov, Reg::r6, Reg::r1);
  code_.note("count on this CPU");
  code_.call(BPF_FUNC_get_smp_processor_id);
  // Never true; tells the verifier that the counters exist.
  code_.jump_if(Cond::ge, Reg::r0, static_cast<std::int32_t>(spec_.cpus), return_action_);
  code_.store(Size::word, Reg::r10, kCpuSlot, Reg::r0);
  code_.alu64(Alu::mul, Reg::r0, sizeof(xdpcap_counters));
  const auto row = static_cast<std::uint32_t>(
      sizeof(xdpcap_control) + sizeof(xdpcap_counters) * spec_.cpus * spec_.counters_row);
  code_.load_map_value(Reg::r9, spec_.control_fd, row);
  code_.alu64(Alu::add, Reg::r9, Reg::r0);
  increment(offsetof(xdpcap_counters, received));
  if (spec_.frags) {
    code_.alu64(Alu::mov, Reg::r1, Reg::r6);
    code_.call(BPF_FUNC_xdp_get_buff_len);
    code_.store(Size::word, Reg::r10, kLengthSlot, Reg::r0);
  }
  code_.load(Size::word, Reg::r7, Reg::r6, offsetof(xdp_md, data));
  code_.load(Size::word, Reg::r8, Reg::r6, offsetof(xdp_md, data_end));
}

// R8 = original length, R7 = bytes to capture.
void Recorder::emit_lengths() {
  if (spec_.frags) {
    code_.load(Size::word, Reg::r8, Reg::r10, kLengthSlot);
  } else {
    code_.alu64(Alu::sub, Reg::r8, Reg::r7);
  }
  // 32-bit moves clear the upper half: the verifier then knows an unsigned number.
  code_.alu32(Alu::mov, Reg::r7, Reg::r8);
  const Label whole = code_.label();
  const auto snaplen = static_cast<std::int32_t>(spec_.snaplen);
  code_.jump_if(Cond::le, Reg::r7, snaplen, whole);
  code_.alu64(Alu::mov, Reg::r7, snaplen);
  code_.bind(whole);
  // XDP has no empty packets, but copy helpers take no length that may be 0.
  code_.jump_if(Cond::eq, Reg::r7, 0, lost_);
}

void Recorder::emit_reservation() {
  code_.note("this CPU's ring");
  code_.load_map(Reg::r1, spec_.rings_fd);
  code_.alu64(Alu::mov, Reg::r2, Reg::r10);
  code_.alu64(Alu::add, Reg::r2, kCpuSlot);
  code_.call(BPF_FUNC_map_lookup_elem);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::dword, Reg::r10, kRingSlot, Reg::r0);
  code_.alu64(Alu::mov, Reg::r1, Reg::r0);

  const Label reserve = code_.label();
  const std::vector<std::uint32_t> classes = classes_for(spec_.snaplen);
  for (const std::uint32_t size : classes) {
    code_.alu64(Alu::mov, Reg::r2, static_cast<std::int32_t>(size + kRecordOverhead));
    code_.jump_if(Cond::le, Reg::r7, static_cast<std::int32_t>(size), reserve);
  }
  code_.jump(lost_);  // never: the last class holds snaplen bytes
  code_.bind(reserve);
  code_.alu64(Alu::mov, Reg::r3, 0);
  code_.call(BPF_FUNC_ringbuf_reserve);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::dword, Reg::r10, kRecordSlot, Reg::r0);
}

// The clock is read after the reservation: a record that the reader cannot see yet is then never
// older than the moment the reader looked, which is what lets it merge CPUs in time order.
void Recorder::emit_block_header() {
  code_.note("timestamp");
  code_.call(BPF_FUNC_ktime_get_ns);
  code_.load(Size::dword, Reg::r1, Reg::r10, kRecordSlot);
  store_field(offsetof(xdpcap_record, time_low), Reg::r0);
  code_.alu64(Alu::rsh, Reg::r0, 32);
  store_field(offsetof(xdpcap_record, time_high), Reg::r0);

  code_.load(Size::dword, Reg::r0, Reg::r9, offsetof(xdpcap_counters, dropped));
  store_field(offsetof(xdpcap_record, dropped), Reg::r0);
  code_.load(Size::word, Reg::r0, Reg::r6, offsetof(xdp_md, ingress_ifindex));
  store_field(offsetof(xdpcap_record, ingress_ifindex), Reg::r0);
  store_field(offsetof(xdpcap_record, action), spec_.action.value());
  constexpr std::uint32_t kEnhancedPacketBlock = 6;
  store_field(offsetof(xdpcap_record, block_type), kEnhancedPacketBlock);
  store_field(offsetof(xdpcap_record, interface_id), spec_.interface_id);
  store_field(offsetof(xdpcap_record, captured_length), Reg::r7);
  store_field(offsetof(xdpcap_record, original_length), Reg::r8);
}

// R1 = record. The tail stands behind the packet, wherever that ends: R2 = record + padded length.
void Recorder::emit_block_tail() {
  // The padding is zeroed by clearing the last word that the packet reaches into, before the copy.
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  code_.alu64(Alu::bit_and, Reg::r2, ~3);
  code_.alu64(Alu::add, Reg::r2, Reg::r1);
  code_.store(Size::word, Reg::r2, sizeof(xdpcap_record), 0);

  code_.note("options and end of the block");
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  code_.alu64(Alu::add, Reg::r2, 3);
  code_.alu64(Alu::bit_and, Reg::r2, ~3);
  code_.alu64(Alu::mov, Reg::r0, Reg::r2);
  code_.alu64(Alu::add, Reg::r0,
              sizeof(xdpcap_record) - XDPCAP_RECORD_PREFIX + sizeof(xdpcap_record_tail));
  code_.alu64(Alu::add, Reg::r2, Reg::r1);
  store_field(offsetof(xdpcap_record, block_length), Reg::r0);
  code_.store(Size::word, Reg::r2,
              sizeof(xdpcap_record) + offsetof(xdpcap_record_tail, block_length), Reg::r0);

  store_option(offsetof(xdpcap_record_tail, flags_code), 2, 4);
  store_tail(offsetof(xdpcap_record_tail, flags), 1);
  store_option(offsetof(xdpcap_record_tail, queue_code), 6, 4);
  code_.load(Size::word, Reg::r0, Reg::r6, offsetof(xdp_md, rx_queue_index));
  code_.store(Size::word, Reg::r2, sizeof(xdpcap_record) + offsetof(xdpcap_record_tail, queue),
              Reg::r0);
  store_option(offsetof(xdpcap_record_tail, verdict_code), 7, 9);
  std::array<std::uint8_t, 12> verdict = {2};
  const std::uint64_t action = spec_.action.value();
  std::memcpy(&verdict[1], &action, sizeof(action));
  for (std::size_t i = 0; i < verdict.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &verdict.at(i), sizeof(word));
    store_tail(offsetof(xdpcap_record_tail, verdict) + i, word);
  }
  store_option(offsetof(xdpcap_record_tail, end_code), 0, 0);
}

// R1 = record.
void Recorder::emit_copy() {
  code_.note("copy the packet");
  code_.alu64(Alu::mov, Reg::r3, Reg::r1);
  code_.alu64(Alu::add, Reg::r3, sizeof(xdpcap_record));
  if (spec_.has_xdp_load_bytes) {
    code_.alu64(Alu::mov, Reg::r1, Reg::r6);
    code_.alu64(Alu::mov, Reg::r2, 0);
    code_.alu64(Alu::mov, Reg::r4, Reg::r7);
    code_.call(BPF_FUNC_xdp_load_bytes);
  } else {
    code_.alu64(Alu::mov, Reg::r1, Reg::r3);
    code_.alu64(Alu::mov, Reg::r2, Reg::r7);
    code_.load(Size::word, Reg::r3, Reg::r6, offsetof(xdp_md, data));
    code_.call(BPF_FUNC_probe_read_kernel);
  }
  code_.jump_if(Cond::ne, Reg::r0, 0, discard_);
  code_.store(Size::dword, Reg::r9, offsetof(xdpcap_counters, dropped), 0);
}

// Wakes the reader only when it sleeps and enough has gathered: a wake-up costs the traffic more
// than everything else here together.
void Recorder::emit_submit() {
  const Label submit = code_.label();
  const auto wake_at = static_cast<std::int16_t>(offsetof(xdpcap_control, wake_at));
  code_.note("is the reader awake?");
  code_.load_map_value(Reg::r7, spec_.control_fd, 0);
  code_.load(Size::dword, Reg::r8, Reg::r7, wake_at);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_NO_WAKEUP);
  code_.jump_if(Cond::eq, Reg::r8, -1, submit);
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_AVAIL_DATA);
  code_.call(BPF_FUNC_ringbuf_query);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_NO_WAKEUP);
  code_.jump_if(Cond::lt, Reg::r0, Reg::r8, submit);
  code_.store(Size::dword, Reg::r7, wake_at, -1);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_FORCE_WAKEUP);
  code_.bind(submit);
  code_.load(Size::dword, Reg::r1, Reg::r10, kRecordSlot);
  code_.call(BPF_FUNC_ringbuf_submit);
}

void Recorder::emit_loss() {
  code_.bind(discard_);
  code_.load(Size::dword, Reg::r1, Reg::r10, kRecordSlot);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_NO_WAKEUP);
  code_.call(BPF_FUNC_ringbuf_discard);
  code_.bind(lost_);
  increment(offsetof(xdpcap_counters, lost));
  increment(offsetof(xdpcap_counters, dropped));
}

void Recorder::emit_return() {
  code_.bind(return_action_);
  code_.alu32(Alu::mov, Reg::r0, static_cast<std::int32_t>(spec_.action.value()));
  code_.exit();
}

// No atomics: XDP programs of one CPU do not interrupt each other.
void Recorder::increment(std::size_t counter) {
  const auto offset = static_cast<std::int16_t>(counter);
  code_.load(Size::dword, Reg::r1, Reg::r9, offset);
  code_.alu64(Alu::add, Reg::r1, 1);
  code_.store(Size::dword, Reg::r9, offset, Reg::r1);
}

void Recorder::store_field(std::size_t offset, Reg src) {
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(offset), src);
}
void Recorder::store_field(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(offset),
              static_cast<std::int32_t>(value));
}
void Recorder::store_tail(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(sizeof(xdpcap_record) + offset),
              static_cast<std::int32_t>(value));
}

// An option's head (u16 code, u16 length) as one store, in the machine's own byte order.
void Recorder::store_option(std::size_t offset, std::uint16_t code, std::uint16_t length) {
  const std::array<std::uint16_t, 2> head = {code, length};
  std::uint32_t word = 0;
  std::memcpy(&word, head.data(), sizeof(word));
  store_tail(offset, word);
}

}  // namespace

ebpf::Program make_recorder(const RecorderSpec& spec, const CbpfProgram& filter) {
  return Recorder(spec, filter).emit();
}

}  // namespace xdpcap
