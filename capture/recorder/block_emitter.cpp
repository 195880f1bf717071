// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/block_emitter.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/pcapng_format.hpp"
#include "recorder/context_emitter.hpp"
#include "recorder/copy_emitter.hpp"
#include "recorder/fate_emitter.hpp"
#include "recorder/fragment_emitter.hpp"
#include "recorder/frame.hpp"
#include "recorder/reason_emitter.hpp"

namespace xdpcap::recorder {

using ebpf::Alu;
using ebpf::Assembler;
using ebpf::Cond;
using ebpf::Label;
using ebpf::Reg;
using ebpf::Size;
namespace option = pcapng::option;

namespace {

// An option's head (u16 code, u16 length) as one word, in host byte order.
std::uint32_t option_head(std::uint16_t code, std::uint16_t length) {
  const std::array<std::uint16_t, 2> head = {code, length};
  std::uint32_t word = 0;
  std::memcpy(&word, head.data(), sizeof(word));
  return word;
}

void store_field(Assembler& code, std::size_t offset, Reg from) {
  code.store(Size::word, kBlock, static_cast<std::int16_t>(kBlocks + offset), from);
}
void store_field(Assembler& code, std::size_t offset, std::uint32_t value) {
  code.store(Size::word, kBlock, static_cast<std::int16_t>(kBlocks + offset),
             static_cast<std::int32_t>(value));
}
void store_option_head(Assembler& code, std::size_t offset, std::uint16_t option,
                       std::uint16_t length) {
  store_option_word(code, offset, option_head(option, length));
}

void emit_interface_id(Assembler& code, const RecorderSpec& spec) {
  if (!spec.traced) {
    return store_field(code, offsetof(xdpcap_block, interface_id), spec.interface_id);
  }
  code.load(Size::word, Reg::r2, Reg::r10, kInterfaceSlot);
  store_field(code, offsetof(xdpcap_block, interface_id), Reg::r2);
}

// Begins with kBlock. The clock is read while the ring is marked as busy (record.h).
void emit_header(Assembler& code, const RecorderSpec& spec, Label failed) {
  code.note("timestamp");
  code.call(BPF_FUNC_ktime_get_ns);
  code.load(Size::dword, kBlock, Reg::r10, kBlockSlot);
  store_field(code, offsetof(xdpcap_block, time_low), Reg::r0);
  code.alu64(Alu::rsh, Reg::r0, 32);
  store_field(code, offsetof(xdpcap_block, time_high), Reg::r0);
  store_field(code, offsetof(xdpcap_block, block_type), pcapng::block_type::enhanced_packet);
  emit_interface_id(code, spec);
  store_field(code, offsetof(xdpcap_block, original_length), kOriginal);
  if (reads_fragments(spec)) emit_fragments(code, spec, failed);
  store_field(code, offsetof(xdpcap_block, captured_length), kCaptured);

  // To zero the padding, the last word that the packet reaches into is cleared before the copy; if
  // fragments have been copied already, the word after them, of which the options overwrite what is
  // not padding.
  code.alu64(Alu::mov, Reg::r2, kCaptured);
  if (!reads_fragments(spec)) code.alu64(Alu::bit_and, Reg::r2, ~3);
  code.alu64(Alu::add, Reg::r2, kBlock);
  code.store(Size::word, Reg::r2, kPacket, 0);
}

// The first option. It sets kNext and kLength, which every option then advances.
void emit_drop_count(Assembler& code, const RecorderSpec& spec) {
  const Label none = code.label();
  code.alu64(Alu::mov, kNext, kCaptured);
  pad(code, kNext);
  code.alu64(Alu::mov, kLength, kNext);
  code.alu64(Alu::add, kLength, static_cast<std::int32_t>(fixed_length(spec)));
  code.alu64(Alu::add, kNext, kBlock);
  code.load(Size::dword, Reg::r3, kCounters, offsetof(xdpcap_counters, lost));
  code.load(Size::dword, Reg::r4, kCounters, offsetof(xdpcap_counters, reported));
  code.store(Size::dword, Reg::r10, kLostSlot, Reg::r3);
  code.alu64(Alu::sub, Reg::r3, Reg::r4);
  code.jump_if(Cond::eq, Reg::r3, 0, none);
  code.note("packets lost before this one");
  store_option_head(code, offsetof(xdpcap_drop_count, code), option::epb_dropcount,
                    sizeof(std::uint64_t));
  store_option_word(code, offsetof(xdpcap_drop_count, count), Reg::r3);
  code.alu64(Alu::rsh, Reg::r3, 32);
  store_option_word(code, offsetof(xdpcap_drop_count, count) + sizeof(std::uint32_t), Reg::r3);
  code.alu64(Alu::add, kNext, sizeof(xdpcap_drop_count));
  code.alu64(Alu::add, kLength, sizeof(xdpcap_drop_count));
  code.bind(none);
}

void emit_packet_id(Assembler& code) {
  const Label none = code.label();
  code.note("the packet's id");
  code.load(Size::dword, Reg::r3, Reg::r10, kPacketIdSlot);
  code.jump_if(Cond::eq, Reg::r3, 0, none);
  store_option_head(code, offsetof(xdpcap_packet_id, code), option::epb_packetid,
                    sizeof(xdpcap_packet_id::id));
  store_option_word(code, offsetof(xdpcap_packet_id, id), Reg::r3);
  code.alu64(Alu::rsh, Reg::r3, 32);
  store_option_word(code, offsetof(xdpcap_packet_id, id) + sizeof(std::uint32_t), Reg::r3);
  code.alu64(Alu::add, kNext, sizeof(xdpcap_packet_id));
  code.alu64(Alu::add, kLength, sizeof(xdpcap_packet_id));
  code.bind(none);
}

// Caches the decimal digits of R3, and the head of a comment of that length, in the counters. The
// digits are produced from the last to the first, each shifting the others up: R5 = the first eight
// digits, the first one in the lowest byte; R1 = the rest.
void emit_ingress_number(Assembler& code) {
  constexpr int kDigits = std::numeric_limits<std::uint32_t>::digits10 + 1;
  const Label done = code.label();
  code.alu64(Alu::mov, Reg::r5, 0);
  code.alu64(Alu::mov, Reg::r1, 0);
  for (int i = 1; i <= kDigits; ++i) {
    code.alu64(Alu::lsh, Reg::r1, 8);
    code.alu64(Alu::mov, Reg::r4, Reg::r5);
    code.alu64(Alu::rsh, Reg::r4, 56);
    code.alu64(Alu::bit_or, Reg::r1, Reg::r4);
    code.alu64(Alu::lsh, Reg::r5, 8);
    code.alu64(Alu::mov, Reg::r4, Reg::r3);
    code.alu64(Alu::mod, Reg::r4, 10);
    code.alu64(Alu::add, Reg::r4, '0');
    code.alu64(Alu::bit_or, Reg::r5, Reg::r4);
    const auto length = static_cast<std::uint16_t>(sizeof(xdpcap_ingress::text) + i);
    code.store(Size::word, kCounters, offsetof(xdpcap_counters, ingress_head),
               static_cast<std::int32_t>(option_head(option::opt_comment, length)));
    code.alu64(Alu::div, Reg::r3, 10);
    code.jump_if(Cond::eq, Reg::r3, 0, done);
  }
  code.bind(done);
  code.store(Size::dword, kCounters, offsetof(xdpcap_counters, ingress_number), Reg::r5);
  code.store(Size::word, kCounters, offsetof(xdpcap_counters, ingress_rest), Reg::r1);
  code.load(Size::dword, kBlock, Reg::r10, kBlockSlot);
}

// The comment is cached beside the counters, because divisions are slow and a CPU's packets mostly
// arrive on the same interface.
void emit_ingress(Assembler& code, const RecorderSpec& spec) {
  const Label known = code.label();
  code.note("the ingress interface");
  emit_ingress_interface(code, spec, Reg::r3);
  code.load(Size::dword, Reg::r4, kCounters, offsetof(xdpcap_counters, ingress_key));
  code.alu64(Alu::add, Reg::r3, 1);
  code.jump_if(Cond::eq, Reg::r3, Reg::r4, known);
  code.store(Size::dword, kCounters, offsetof(xdpcap_counters, ingress_key), Reg::r3);
  code.alu64(Alu::sub, Reg::r3, 1);
  emit_ingress_number(code);
  code.bind(known);

  constexpr std::array<char, 8> kText = {'i', 'n', 'g', 'r', 'e', 's', 's', '='};
  code.load(Size::word, Reg::r3, kCounters, offsetof(xdpcap_counters, ingress_head));
  store_option_word(code, offsetof(xdpcap_ingress, code), Reg::r3);
  for (std::size_t i = 0; i < kText.size(); i += sizeof(std::uint32_t)) {
    std::uint32_t word = 0;
    std::memcpy(&word, &kText.at(i), sizeof(word));
    store_option_word(code, offsetof(xdpcap_ingress, text) + i, word);
  }
  code.load(Size::dword, Reg::r5, kCounters, offsetof(xdpcap_counters, ingress_number));
  store_option_word(code, offsetof(xdpcap_ingress, number), Reg::r5);
  code.alu64(Alu::rsh, Reg::r5, 32);
  store_option_word(code, offsetof(xdpcap_ingress, number) + 4, Reg::r5);
  code.load(Size::word, Reg::r5, kCounters, offsetof(xdpcap_counters, ingress_rest));
  store_option_word(code, offsetof(xdpcap_ingress, number) + 8, Reg::r5);
  // Advance past the comment. The mask gives the verifier an upper bound.
  constexpr std::int32_t kMostText = 31;
  code.alu64(Alu::rsh, Reg::r3, 16);
  code.alu64(Alu::bit_and, Reg::r3, kMostText);
  pad(code, Reg::r3);
  code.alu64(Alu::add, Reg::r3, offsetof(xdpcap_ingress, text));
  code.alu64(Alu::add, kNext, Reg::r3);
  code.alu64(Alu::add, kLength, Reg::r3);
}

void store_verdict_word(Assembler& code, std::size_t index, Reg from) {
  store_option_word(code, offsetof(xdpcap_block_tail, verdict) + index * sizeof(std::uint32_t),
                    from);
}

// The verdict is one byte, the action as a 64-bit integer, and padding. Clobbers R0.
void emit_verdict(Assembler& code, const RecorderSpec& spec) {
  std::array<std::uint8_t, 12> verdict = {pcapng::kVerdictOfLinuxEbpfXdp};
  const std::uint64_t action = spec.traced ? 0 : spec.action.value();
  std::memcpy(&verdict[1], &action, sizeof(action));
  for (std::size_t i = 0; i < verdict.size(); i += 4) {
    std::uint32_t word = 0;
    std::memcpy(&word, &verdict.at(i), sizeof(word));
    store_option_word(code, offsetof(xdpcap_block_tail, verdict) + i, word);
  }
  if (!spec.traced) return;
  constexpr bool kLittle = std::endian::native == std::endian::little;
  code.load(Size::word, Reg::r0, Reg::r10, kActionSlot);
  code.alu64(kLittle ? Alu::rsh : Alu::lsh, Reg::r0, 24);
  store_verdict_word(code, kLittle ? 1 : 2, Reg::r0);
  code.load(Size::word, Reg::r0, Reg::r10, kActionSlot);
  code.alu64(kLittle ? Alu::lsh : Alu::rsh, Reg::r0, 8);
  if (kLittle) code.alu64(Alu::bit_or, Reg::r0, pcapng::kVerdictOfLinuxEbpfXdp);
  store_verdict_word(code, kLittle ? 0 : 1, Reg::r0);
}

// After the options that both tails begin with.
void emit_tail_end(Assembler& code, const RecorderSpec& spec) {
  static_assert(offsetof(xdpcap_entry_tail, queue) == offsetof(xdpcap_block_tail, queue));
  if (at_entry(spec)) {
    store_option_head(code, offsetof(xdpcap_entry_tail, end_code), option::opt_endofopt, 0);
    return;
  }
  store_option_head(code, offsetof(xdpcap_block_tail, verdict_code), option::epb_verdict,
                    sizeof(std::uint8_t) + sizeof(std::uint64_t));
  emit_verdict(code, spec);
  store_option_head(code, offsetof(xdpcap_block_tail, end_code), option::opt_endofopt, 0);
}

void emit_tail(Assembler& code, const RecorderSpec& spec) {
  const std::size_t last = at_entry(spec) ? offsetof(xdpcap_entry_tail, block_length)
                                          : offsetof(xdpcap_block_tail, block_length);
  code.note("options and end of the block");
  code.store(Size::dword, Reg::r10, kBlockLengthSlot, kLength);
  store_field(code, offsetof(xdpcap_block, block_length), kLength);
  store_option_word(code, last, kLength);
  store_option_head(code, offsetof(xdpcap_block_tail, flags_code), option::epb_flags,
                    sizeof(xdpcap_block_tail::flags));
  store_option_word(code, offsetof(xdpcap_block_tail, flags), pcapng::kFlagsInbound);
  store_option_head(code, offsetof(xdpcap_block_tail, queue_code), option::epb_queue,
                    sizeof(xdpcap_block_tail::queue));
  emit_ingress_queue(code, spec, Reg::r0);
  store_option_word(code, offsetof(xdpcap_block_tail, queue), Reg::r0);
  emit_tail_end(code, spec);
}

}  // namespace

void emit_block(Assembler& code, const RecorderSpec& spec, Label failed) {
  emit_header(code, spec, failed);
  emit_drop_count(code, spec);
  if (numbers_packets(spec)) emit_packet_id(code);
  if (spec.note_ingress) emit_ingress(code, spec);
  if (notes_reason(spec)) emit_reason_record(code);
  if (notes_fate(spec)) emit_fate(code, spec);
  emit_tail(code, spec);
  emit_copy(code, spec, failed);
}

}  // namespace xdpcap::recorder
