// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/recorder.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>

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
//   R10 - 12  u32 0: the key into a ring
//   R10 - 24  ring
//   R10 - 32  where the block begins, less kBlocks
//   R10 - 40  length of the block
//   below     the filter's, before it has matched
constexpr std::int16_t kCpuSlot = -4;
constexpr std::int16_t kLengthSlot = -8;
constexpr std::int16_t kZeroSlot = -12;
constexpr std::int16_t kRingSlot = -24;
constexpr std::int16_t kBlockSlot = -32;
constexpr std::int16_t kBlockLengthSlot = -40;
constexpr std::int16_t kFilterStackTop = -40;

// Where blocks begin in a ring, and packets in what kBlockSlot points to.
constexpr std::size_t kBlocks = sizeof(xdpcap_ring);
constexpr std::size_t kPacket = kBlocks + sizeof(xdpcap_block);
constexpr std::uint32_t kFixedLength = sizeof(xdpcap_block) + sizeof(xdpcap_block_tail);

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
    emit_ring();
    emit_reservation();
    emit_block_header();
    emit_drop_count();
    emit_block_tail();
    emit_copy();
    emit_publication();
    emit_wake_up();
    code_.jump(return_action_);
    emit_loss();
  }

  void emit_prologue();
  void emit_lengths();
  void emit_ring();
  void emit_reservation();
  void emit_block_header();
  void emit_drop_count();
  void emit_block_tail();
  void emit_copy();
  void emit_publication();
  void emit_wake_up();
  void emit_loss();
  void emit_return();

  void increment(std::size_t counter);
  void store_field(std::size_t offset, Reg src);
  void store_field(std::size_t offset, std::uint32_t value);
  void store_tail(std::size_t offset, std::uint32_t value);
  void store_tail(std::size_t offset, Reg src);
  void store_option(std::size_t offset, std::uint16_t code, std::uint16_t length);
  void pad(Reg length);
  [[nodiscard]] std::int32_t mask() const {
    return static_cast<std::int32_t>(spec_.ring_bytes - 1);
  }

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
  const auto snaplen =
      static_cast<std::int32_t>(std::min(spec_.snaplen, std::uint32_t{XDPCAP_MOST_CAPTURED}));
  code_.jump_if(Cond::le, Reg::r7, snaplen, whole);
  code_.alu64(Alu::mov, Reg::r7, snaplen);
  code_.bind(whole);
  // XDP has no empty packets, but copy helpers take no length that may be 0.
  code_.jump_if(Cond::eq, Reg::r7, 0, lost_);
}

// R0 = this CPU's ring.
void Recorder::emit_ring() {
  code_.note("this CPU's ring");
  code_.load_map(Reg::r1, spec_.rings_fd);
  code_.alu64(Alu::mov, Reg::r2, Reg::r10);
  code_.alu64(Alu::add, Reg::r2, kCpuSlot);
  code_.call(BPF_FUNC_map_lookup_elem);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::word, Reg::r10, kZeroSlot, 0);
  code_.alu64(Alu::mov, Reg::r1, Reg::r0);
  code_.alu64(Alu::mov, Reg::r2, Reg::r10);
  code_.alu64(Alu::add, Reg::r2, kZeroSlot);
  code_.call(BPF_FUNC_map_lookup_elem);
  code_.jump_if(Cond::eq, Reg::r0, 0, lost_);
  code_.store(Size::dword, Reg::r10, kRingSlot, Reg::r0);
}

// R0 = ring. Only this CPU writes to it, so nothing here is atomic. What interrupts a recorder with
// another on the same CPU (a test run of the program on an older kernel) finds it busy.
void Recorder::emit_reservation() {
  code_.note("is there room?");
  code_.load(Size::dword, Reg::r1, Reg::r0, offsetof(xdpcap_ring, busy));
  code_.jump_if(Cond::ne, Reg::r1, 0, lost_);
  code_.load(Size::dword, Reg::r3, Reg::r0, offsetof(xdpcap_ring, head));
  code_.load(Size::dword, Reg::r4, Reg::r0, offsetof(xdpcap_ring, tail));
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  pad(Reg::r2);
  code_.alu64(Alu::add, Reg::r2, kFixedLength + sizeof(xdpcap_drop_count));
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  code_.alu64(Alu::sub, Reg::r2, Reg::r4);
  code_.jump_if(Cond::gt, Reg::r2, static_cast<std::int32_t>(spec_.ring_bytes), lost_);
  code_.store(Size::dword, Reg::r0, offsetof(xdpcap_ring, busy), 1);
  // Positions are multiples of 4 anyway; the verifier learns it.
  code_.alu64(Alu::bit_and, Reg::r3, mask() & ~3);
  code_.alu64(Alu::add, Reg::r0, Reg::r3);
  code_.store(Size::dword, Reg::r10, kBlockSlot, Reg::r0);
}

// R1 = block. The clock is read while the ring is marked as busy: a block that the reader cannot
// see yet is then never older than the moment it looked and found no mark, which is what lets it
// merge CPUs in time order.
void Recorder::emit_block_header() {
  code_.note("timestamp");
  code_.call(BPF_FUNC_ktime_get_ns);
  code_.load(Size::dword, Reg::r1, Reg::r10, kBlockSlot);
  store_field(offsetof(xdpcap_block, time_low), Reg::r0);
  code_.alu64(Alu::rsh, Reg::r0, 32);
  store_field(offsetof(xdpcap_block, time_high), Reg::r0);
  constexpr std::uint32_t kEnhancedPacketBlock = 6;
  store_field(offsetof(xdpcap_block, block_type), kEnhancedPacketBlock);
  store_field(offsetof(xdpcap_block, interface_id), spec_.interface_id);
  store_field(offsetof(xdpcap_block, captured_length), Reg::r7);
  store_field(offsetof(xdpcap_block, original_length), Reg::r8);

  // The padding is zeroed by clearing the last word that the packet reaches into, before the copy.
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  code_.alu64(Alu::bit_and, Reg::r2, ~3);
  code_.alu64(Alu::add, Reg::r2, Reg::r1);
  code_.store(Size::word, Reg::r2, kPacket, 0);
}

// R2 = block + what stands between its head and its tail; R0 = length of the block.
void Recorder::emit_drop_count() {
  const Label none = code_.label();
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  pad(Reg::r2);
  code_.alu64(Alu::mov, Reg::r0, Reg::r2);
  code_.alu64(Alu::add, Reg::r0, kFixedLength);
  code_.alu64(Alu::add, Reg::r2, Reg::r1);
  code_.load(Size::dword, Reg::r3, Reg::r9, offsetof(xdpcap_counters, dropped));
  code_.jump_if(Cond::eq, Reg::r3, 0, none);
  code_.note("what was lost before this packet");
  store_option(offsetof(xdpcap_drop_count, code), 4, sizeof(std::uint64_t));
  store_tail(offsetof(xdpcap_drop_count, count), Reg::r3);
  code_.alu64(Alu::rsh, Reg::r3, 32);
  store_tail(offsetof(xdpcap_drop_count, count) + sizeof(std::uint32_t), Reg::r3);
  code_.alu64(Alu::add, Reg::r2, sizeof(xdpcap_drop_count));
  code_.alu64(Alu::add, Reg::r0, sizeof(xdpcap_drop_count));
  code_.bind(none);
}

void Recorder::emit_block_tail() {
  code_.note("options and end of the block");
  code_.store(Size::dword, Reg::r10, kBlockLengthSlot, Reg::r0);
  store_field(offsetof(xdpcap_block, block_length), Reg::r0);
  store_tail(offsetof(xdpcap_block_tail, block_length), Reg::r0);
  store_option(offsetof(xdpcap_block_tail, flags_code), 2, 4);
  store_tail(offsetof(xdpcap_block_tail, flags), 1);
  store_option(offsetof(xdpcap_block_tail, queue_code), 6, 4);
  code_.load(Size::word, Reg::r0, Reg::r6, offsetof(xdp_md, rx_queue_index));
  store_tail(offsetof(xdpcap_block_tail, queue), Reg::r0);
  store_option(offsetof(xdpcap_block_tail, verdict_code), 7, 9);
  std::array<std::uint8_t, 12> verdict = {2};
  const std::uint64_t action = spec_.action.value();
  std::memcpy(&verdict[1], &action, sizeof(action));
  for (std::size_t i = 0; i < verdict.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &verdict.at(i), sizeof(word));
    store_tail(offsetof(xdpcap_block_tail, verdict) + i, word);
  }
  store_option(offsetof(xdpcap_block_tail, end_code), 0, 0);
}

// R1 = block.
void Recorder::emit_copy() {
  code_.note("copy the packet");
  code_.alu64(Alu::mov, Reg::r3, Reg::r1);
  code_.alu64(Alu::add, Reg::r3, kPacket);
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

// R1 = ring, R2 = its new head. Stores become visible in their order on x86 and s390x; elsewhere an
// exchange (Linux 5.12) keeps the block in front of the head, and the head in front of the mark.
void Recorder::emit_publication() {
  const Label same_lap = code_.label();
  const Label store = code_.label();
  code_.note("publish the block");
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code_.load(Size::dword, Reg::r3, Reg::r10, kBlockLengthSlot);
  code_.load(Size::dword, Reg::r2, Reg::r1, offsetof(xdpcap_ring, head));
  code_.alu64(Alu::mov, Reg::r4, Reg::r2);
  code_.alu64(Alu::bit_and, Reg::r4, mask());
  code_.alu64(Alu::add, Reg::r4, Reg::r3);
  code_.jump_if(Cond::lt, Reg::r4, static_cast<std::int32_t>(spec_.ring_bytes), same_lap);
  code_.alu64(Alu::bit_or, Reg::r2, mask());
  code_.alu64(Alu::add, Reg::r2, 1);
  code_.jump(store);
  code_.bind(same_lap);
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  code_.bind(store);
  if (spec_.ordered_stores) {
    code_.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, head), Reg::r2);
  } else {
    code_.alu64(Alu::mov, Reg::r3, Reg::r2);
    code_.exchange(Size::dword, Reg::r1, offsetof(xdpcap_ring, head), Reg::r3);
  }
  code_.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, busy), 0);
}

// R1 = ring, R2 = its head. Wakes the reader only when it sleeps and enough has gathered: a wake-up
// costs the traffic more than everything else here together. An arrayed ring wakes nobody, so a
// small BPF ring buffer is the bell; nothing goes through it.
void Recorder::emit_wake_up() {
  const auto wake_at = static_cast<std::int16_t>(offsetof(xdpcap_control, wake_at));
  code_.note("is the reader awake?");
  code_.load_map_value(Reg::r3, spec_.control_fd, 0);
  code_.load(Size::dword, Reg::r4, Reg::r3, wake_at);
  code_.jump_if(Cond::eq, Reg::r4, -1, return_action_);
  code_.load(Size::dword, Reg::r5, Reg::r1, offsetof(xdpcap_ring, tail));
  code_.alu64(Alu::sub, Reg::r2, Reg::r5);
  code_.jump_if(Cond::lt, Reg::r2, Reg::r4, return_action_);
  code_.store(Size::dword, Reg::r3, wake_at, -1);
  code_.load_map(Reg::r1, spec_.bell_fd);
  code_.alu64(Alu::mov, Reg::r2, sizeof(std::uint64_t));
  code_.alu64(Alu::mov, Reg::r3, 0);
  code_.call(BPF_FUNC_ringbuf_reserve);
  code_.jump_if(Cond::eq, Reg::r0, 0, return_action_);
  code_.alu64(Alu::mov, Reg::r1, Reg::r0);
  code_.alu64(Alu::mov, Reg::r2, BPF_RB_FORCE_WAKEUP);
  code_.call(BPF_FUNC_ringbuf_discard);
}

void Recorder::emit_loss() {
  code_.bind(discard_);
  code_.load(Size::dword, Reg::r1, Reg::r10, kRingSlot);
  code_.store(Size::dword, Reg::r1, offsetof(xdpcap_ring, busy), 0);
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
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(kBlocks + offset), src);
}
void Recorder::store_field(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(kBlocks + offset),
              static_cast<std::int32_t>(value));
}
void Recorder::store_tail(std::size_t offset, Reg src) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset), src);
}
void Recorder::store_tail(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset),
              static_cast<std::int32_t>(value));
}

// To the next multiple of 4, to which pcapng pads packets.
void Recorder::pad(Reg length) {
  code_.alu64(Alu::add, length, 3);
  code_.alu64(Alu::bit_and, length, ~3);
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
