// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/block_emitter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

#include "base/pcapng_format.hpp"
#include "recorder/frame.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
namespace option = pcapng::option;

namespace {

// Packets of up to so many bytes are copied by the program itself, in pieces of at most so many.
constexpr std::int32_t kMostDirect = 128;
constexpr std::int32_t kLargePiece = 32;

// An option's head (u16 code, u16 length) as one word, in the machine's own byte order.
std::uint32_t option_head(std::uint16_t code, std::uint16_t length) {
  const std::array<std::uint16_t, 2> head = {code, length};
  std::uint32_t word = 0;
  std::memcpy(&word, head.data(), sizeof(word));
  return word;
}

}  // namespace

// R1 = block. The clock is read while the ring is marked as busy (record.h).
void BlockEmitter::emit_header() {
  code_.note("timestamp");
  code_.call(BPF_FUNC_ktime_get_ns);
  code_.load(Size::dword, Reg::r1, Reg::r10, kBlockSlot);
  store_field(offsetof(xdpcap_block, time_low), Reg::r0);
  code_.alu64(Alu::rsh, Reg::r0, 32);
  store_field(offsetof(xdpcap_block, time_high), Reg::r0);
  store_field(offsetof(xdpcap_block, block_type), pcapng::block_type::enhanced_packet);
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
void BlockEmitter::emit_drop_count() {
  const Label none = code_.label();
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  pad(code_, Reg::r2);
  code_.alu64(Alu::mov, Reg::r0, Reg::r2);
  code_.alu64(Alu::add, Reg::r0, kFixedLength);
  code_.alu64(Alu::add, Reg::r2, Reg::r1);
  code_.load(Size::dword, Reg::r3, Reg::r9, offsetof(xdpcap_counters, lost));
  code_.load(Size::dword, Reg::r4, Reg::r9, offsetof(xdpcap_counters, reported));
  code_.store(Size::dword, Reg::r10, kLostSlot, Reg::r3);
  code_.alu64(Alu::sub, Reg::r3, Reg::r4);
  code_.jump_if(Cond::eq, Reg::r3, 0, none);
  code_.note("what was lost before this packet");
  store_option(offsetof(xdpcap_drop_count, code), option::epb_dropcount, sizeof(std::uint64_t));
  store_tail(offsetof(xdpcap_drop_count, count), Reg::r3);
  code_.alu64(Alu::rsh, Reg::r3, 32);
  store_tail(offsetof(xdpcap_drop_count, count) + sizeof(std::uint32_t), Reg::r3);
  code_.alu64(Alu::add, Reg::r2, sizeof(xdpcap_drop_count));
  code_.alu64(Alu::add, Reg::r0, sizeof(xdpcap_drop_count));
  code_.bind(none);
}

// R2 and R0 as above, both moved on. The comment is kept beside the counters, because a CPU's
// packets mostly come in by the same interface, and divisions are slow.
void BlockEmitter::emit_ingress() {
  const Label known = code_.label();
  code_.note("the interface it came in by");
  code_.load(Size::word, Reg::r3, Reg::r6, offsetof(xdp_md, ingress_ifindex));
  code_.load(Size::dword, Reg::r4, Reg::r9, offsetof(xdpcap_counters, ingress_key));
  code_.alu64(Alu::add, Reg::r3, 1);
  code_.jump_if(Cond::eq, Reg::r3, Reg::r4, known);
  code_.store(Size::dword, Reg::r9, offsetof(xdpcap_counters, ingress_key), Reg::r3);
  code_.alu64(Alu::sub, Reg::r3, 1);
  emit_ingress_number();
  code_.bind(known);

  constexpr std::array<char, 8> kText = {'i', 'n', 'g', 'r', 'e', 's', 's', '='};
  code_.load(Size::word, Reg::r3, Reg::r9, offsetof(xdpcap_counters, ingress_head));
  store_tail(offsetof(xdpcap_ingress, code), Reg::r3);
  for (std::size_t i = 0; i < kText.size(); i += sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    std::memcpy(&word, &kText.at(i), sizeof(word));
    store_tail(offsetof(xdpcap_ingress, text) + i, word);
  }
  code_.load(Size::dword, Reg::r5, Reg::r9, offsetof(xdpcap_counters, ingress_number));
  store_tail(offsetof(xdpcap_ingress, number), Reg::r5);
  code_.alu64(Alu::rsh, Reg::r5, 32);
  store_tail(offsetof(xdpcap_ingress, number) + 4, Reg::r5);
  code_.load(Size::word, Reg::r5, Reg::r9, offsetof(xdpcap_counters, ingress_rest));
  store_tail(offsetof(xdpcap_ingress, number) + 8, Reg::r5);
  // On to where it ends. The verifier has to be told that this is not far.
  constexpr std::int32_t kMostText = 31;
  code_.alu64(Alu::rsh, Reg::r3, 16);
  code_.alu64(Alu::bit_and, Reg::r3, kMostText);
  pad(code_, Reg::r3);
  code_.alu64(Alu::add, Reg::r3, offsetof(xdpcap_ingress, text));
  code_.alu64(Alu::add, Reg::r2, Reg::r3);
  code_.alu64(Alu::add, Reg::r0, Reg::r3);
}

// Keeps the decimal digits of R3, and the head of a comment with so many. R5 = the first eight of
// them, the first in the lowest byte, and R1 = the others: each digit, from the last on, pushes
// those before it up.
void BlockEmitter::emit_ingress_number() {
  constexpr int kDigits = std::numeric_limits<std::uint32_t>::digits10 + 1;
  const Label done = code_.label();
  code_.alu64(Alu::mov, Reg::r5, 0);
  code_.alu64(Alu::mov, Reg::r1, 0);
  for (int i = 1; i <= kDigits; ++i) {
    code_.alu64(Alu::lsh, Reg::r1, 8);
    code_.alu64(Alu::mov, Reg::r4, Reg::r5);
    code_.alu64(Alu::rsh, Reg::r4, 56);
    code_.alu64(Alu::bit_or, Reg::r1, Reg::r4);
    code_.alu64(Alu::lsh, Reg::r5, 8);
    code_.alu64(Alu::mov, Reg::r4, Reg::r3);
    code_.alu64(Alu::mod, Reg::r4, 10);
    code_.alu64(Alu::add, Reg::r4, '0');
    code_.alu64(Alu::bit_or, Reg::r5, Reg::r4);
    const auto length = static_cast<std::uint16_t>(sizeof(xdpcap_ingress::text) + i);
    code_.store(Size::word, Reg::r9, offsetof(xdpcap_counters, ingress_head),
                static_cast<std::int32_t>(option_head(option::opt_comment, length)));
    code_.alu64(Alu::div, Reg::r3, 10);
    code_.jump_if(Cond::eq, Reg::r3, 0, done);
  }
  code_.bind(done);
  code_.store(Size::dword, Reg::r9, offsetof(xdpcap_counters, ingress_number), Reg::r5);
  code_.store(Size::word, Reg::r9, offsetof(xdpcap_counters, ingress_rest), Reg::r1);
  code_.load(Size::dword, Reg::r1, Reg::r10, kBlockSlot);
}

void BlockEmitter::emit_tail() {
  code_.note("options and end of the block");
  code_.store(Size::dword, Reg::r10, kBlockLengthSlot, Reg::r0);
  store_field(offsetof(xdpcap_block, block_length), Reg::r0);
  store_tail(offsetof(xdpcap_block_tail, block_length), Reg::r0);
  store_option(offsetof(xdpcap_block_tail, flags_code), option::epb_flags,
               sizeof(xdpcap_block_tail::flags));
  store_tail(offsetof(xdpcap_block_tail, flags), pcapng::kFlagsInbound);
  store_option(offsetof(xdpcap_block_tail, queue_code), option::epb_queue,
               sizeof(xdpcap_block_tail::queue));
  code_.load(Size::word, Reg::r0, Reg::r6, offsetof(xdp_md, rx_queue_index));
  store_tail(offsetof(xdpcap_block_tail, queue), Reg::r0);
  store_option(offsetof(xdpcap_block_tail, verdict_code), option::epb_verdict,
               sizeof(std::uint8_t) + sizeof(std::uint64_t));
  std::array<std::uint8_t, 12> verdict = {pcapng::kVerdictOfLinuxEbpfXdp};
  const std::uint64_t action = spec_.action.value();
  std::memcpy(&verdict[1], &action, sizeof(action));
  for (std::size_t i = 0; i < verdict.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &verdict.at(i), sizeof(word));
    store_tail(offsetof(xdpcap_block_tail, verdict) + i, word);
  }
  store_option(offsetof(xdpcap_block_tail, end_code), option::opt_endofopt, 0);
}

// R1 = block. Helpers take their time to start, most of all the copy itself (rep movsb), so short
// packets go through registers.
void BlockEmitter::emit_copy() {
  const Label helper = code_.label();
  const Label copied = code_.label();
  code_.note("copy the packet");
  code_.jump_if(Cond::gt, Reg::r7, kMostDirect, helper);
  emit_direct_copy(helper, copied);
  code_.bind(helper);
  emit_helper_copy();
  code_.bind(copied);
  code_.load(Size::dword, Reg::r2, Reg::r10, kLostSlot);
  code_.store(Size::dword, Reg::r9, offsetof(xdpcap_counters, reported), Reg::r2);
}

// R1 = block, which it keeps; R7 is at most kMostDirect. Goes to `helper` where the packet's linear
// part ends early.
void BlockEmitter::emit_direct_copy(Label helper, Label copied) {
  const Label eights = code_.label();
  const Label rest = code_.label();
  code_.load(Size::word, Reg::r4, Reg::r6, offsetof(xdp_md, data));
  code_.load(Size::word, Reg::r5, Reg::r6, offsetof(xdp_md, data_end));
  code_.alu64(Alu::mov, Reg::r3, Reg::r1);
  code_.alu64(Alu::add, Reg::r3, kPacket);
  code_.alu64(Alu::mov, Reg::r2, Reg::r7);
  for (int i = 0; i < kMostDirect / kLargePiece; ++i) {
    code_.jump_if(Cond::lt, Reg::r2, kLargePiece, eights);
    emit_piece(Size::dword, kLargePiece, helper);
  }
  code_.bind(eights);
  for (int i = 0; i < kLargePiece / 8 - 1; ++i) {
    code_.jump_if(Cond::lt, Reg::r2, 8, rest);
    emit_piece(Size::dword, 8, helper);
  }
  code_.bind(rest);
  for (const auto& [size, bytes] : {std::pair(Size::word, 4), {Size::half, 2}, {Size::byte, 1}}) {
    const Label skip = code_.label();
    code_.jump_if(Cond::lt, Reg::r2, bytes, skip);
    emit_piece(size, bytes, helper);
    code_.bind(skip);
  }
  code_.jump(copied);
}

// Copies `bytes` bytes from R4 to R3, of which R2 counts what is left to do. R5 = end of the
// packet.
void BlockEmitter::emit_piece(Size size, int bytes, Label out_of_bounds) {
  const int step = size == Size::dword ? 8 : bytes;
  code_.alu64(Alu::mov, Reg::r0, Reg::r4);
  code_.alu64(Alu::add, Reg::r0, bytes);
  code_.jump_if(Cond::gt, Reg::r0, Reg::r5, out_of_bounds);
  for (int at = 0; at < bytes; at += step) {
    code_.load(size, Reg::r0, Reg::r4, static_cast<std::int16_t>(at));
    code_.store(size, Reg::r3, static_cast<std::int16_t>(at), Reg::r0);
  }
  code_.alu64(Alu::add, Reg::r4, bytes);
  code_.alu64(Alu::add, Reg::r3, bytes);
  code_.alu64(Alu::sub, Reg::r2, bytes);
}

// R1 = block.
void BlockEmitter::emit_helper_copy() {
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
  code_.jump_if(Cond::ne, Reg::r0, 0, failed_);
}

void BlockEmitter::store_field(std::size_t offset, Reg src) {
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(kBlocks + offset), src);
}
void BlockEmitter::store_field(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r1, static_cast<std::int16_t>(kBlocks + offset),
              static_cast<std::int32_t>(value));
}
void BlockEmitter::store_tail(std::size_t offset, Reg src) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset), src);
}
void BlockEmitter::store_tail(std::size_t offset, std::uint32_t value) {
  code_.store(Size::word, Reg::r2, static_cast<std::int16_t>(kPacket + offset),
              static_cast<std::int32_t>(value));
}

void BlockEmitter::store_option(std::size_t offset, std::uint16_t code, std::uint16_t length) {
  store_tail(offset, option_head(code, length));
}

}  // namespace xdpcap::recorder
