// SPDX-License-Identifier: BSD-3-Clause
#include "recorder/budget_emitter.hpp"

#include <linux/bpf.h>

#include <algorithm>
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

constexpr Reg kNow = Reg::r0;     // bpf_ktime_get_ns()
constexpr Reg kBucket = Reg::r1;  // struct xdpcap_bucket *
constexpr Reg kScratch = Reg::r2;
constexpr Reg kUnused = Reg::r3;  // ns

constexpr std::int16_t kUsedUntil = offsetof(xdpcap_bucket, used_until);
constexpr std::int16_t kEmptyTick = offsetof(xdpcap_bucket, empty_tick);
constexpr std::int16_t kLock = offsetof(xdpcap_bucket, lock);

// How many of the 2^32 random numbers choose a packet. For kMostSample the rounding changes the
// probability by less than 1 in 8,000.
std::uint32_t sample_threshold(std::uint32_t sample) {
  constexpr std::uint64_t kNumbers = std::uint64_t{1} << 32U;
  return static_cast<std::uint32_t>((kNumbers + sample / 2) / sample);
}

// What a packet takes of the time, in ns: rounded up, so that the rate is never higher.
std::int32_t cost(std::uint32_t rate) {
  constexpr std::uint32_t kSecond = 1'000'000'000;
  return static_cast<std::int32_t>((kSecond + rate - 1) / rate);
}

// The most time that may be saved up.
std::int32_t depth(std::uint32_t rate) {
  return cost(rate) * static_cast<std::int32_t>(burst_of(rate));
}

void emit_addition(Assembler& code, std::int16_t to, std::int32_t number) {
  code.alu64(Alu::mov, kScratch, number);
  code.add_atomically(Size::dword, kBucket, to, kScratch);
}

void emit_mixing(Assembler& code, std::uint64_t factor, std::int32_t shift) {
  code.load_imm64(Reg::r1, factor);
  code.alu64(Alu::mul, Reg::r0, Reg::r1);
  code.alu64(Alu::mov, Reg::r1, Reg::r0);
  code.alu64(Alu::rsh, Reg::r1, shift);
  code.alu64(Alu::bit_xor, Reg::r0, Reg::r1);
}

// R0 = a random number of 32 bits: SplitMix64 (Steele, Lea, Flood 2014), whose state is a number
// that advances by one, here how many packets this recorder has received on this CPU. It costs 1
// ns, bpf_get_prandom_u32() 17.
void emit_random_number(Assembler& code, const RecorderSpec& spec) {
  constexpr std::int32_t kNumberBits = 40;  // a trillion packets
  const std::uint32_t row = spec.traced ? 0 : spec.counters_row * spec.cpus;
  code.load(Size::word, Reg::r0, Reg::r10, spec.traced ? kIndexSlot : kCpuSlot);
  code.alu64(Alu::lsh, Reg::r0, kNumberBits);
  code.load(Size::dword, Reg::r1, kCounters, offsetof(xdpcap_counters, received));
  code.alu64(Alu::add, Reg::r0, Reg::r1);
  code.load_imm64(Reg::r1, spec.seed + (std::uint64_t{row} << static_cast<unsigned>(kNumberBits)));
  code.alu64(Alu::add, Reg::r0, Reg::r1);
  emit_mixing(code, 0x9E3779B97F4A7C15, 30);
  emit_mixing(code, 0xBF58476D1CE4E5B9, 27);
  emit_mixing(code, 0x94D049BB133111EB, 31);
  code.alu64(Alu::rsh, Reg::r0, 32);
}

void emit_sample(Assembler& code, const RecorderSpec& spec, Label left_out) {
  code.note("is it in the sample?");
  if (draws_early(spec)) {
    code.load(Size::word, Reg::r0, Reg::r10, kDrawSlot);
  } else {
    emit_random_number(code, spec);
  }
  const auto threshold = static_cast<std::int32_t>(sample_threshold(spec.budget.sample));
  code.jump32_if(Cond::ge, Reg::r0, threshold, left_out);
}

// Jumps to `taken` if another recorder holds the lock. Linux 5.10 has no atomic operation that
// returns a value, so a mark is added, and the lock is held by who then sees no other mark. Two who
// try at the same time may both fail: then the next packet tries again. On x86 the addition is a
// full barrier; elsewhere the exchange is.
void emit_lock(Assembler& code, const RecorderSpec& spec, Label taken) {
  code.load(Size::dword, kScratch, kBucket, kLock);
  code.jump_if(Cond::ne, kScratch, 0, taken);
  if (!spec.ordered_stores) {
    code.alu64(Alu::mov, kScratch, 1);
    code.exchange(Size::dword, kBucket, kLock, kScratch);
    code.jump_if(Cond::ne, kScratch, 0, taken);
    return;
  }
  const Label held = code.label();
  emit_addition(code, kLock, 1);
  code.load(Size::dword, kScratch, kBucket, kLock);
  code.jump_if(Cond::eq, kScratch, 1, held);
  emit_addition(code, kLock, -1);
  code.jump(taken);
  code.bind(held);
}

void emit_unlock(Assembler& code, const RecorderSpec& spec) {
  if (spec.ordered_stores) return emit_addition(code, kLock, -1);
  code.alu64(Alu::mov, kScratch, 0);
  code.exchange(Size::dword, kBucket, kLock, kScratch);
}

void emit_bucket(Assembler& code, const RecorderSpec& spec) {
  code.load_map_value(kBucket, spec.buckets_fd,
                      static_cast<std::uint32_t>(sizeof(xdpcap_bucket)) * spec.source);
}

// kUnused = kNow - used_until.
void emit_unused(Assembler& code) {
  code.load(Size::dword, kScratch, kBucket, kUsedUntil);
  code.alu64(Alu::mov, kUnused, kNow);
  code.alu64(Alu::sub, kUnused, kScratch);
}

// After a pause: what was saved up beyond `depth` is forfeited. Under the lock, as two who did this
// at once would forfeit twice.
void emit_forfeit(Assembler& code, const RecorderSpec& spec, Label left_out) {
  const Label done = code.label();
  emit_lock(code, spec, left_out);
  emit_unused(code);
  code.jump_if(Cond::sle, kUnused, depth(spec.budget.rate), done);
  code.alu64(Alu::sub, kUnused, depth(spec.budget.rate));
  code.add_atomically(Size::dword, kBucket, kUsedUntil, kUnused);
  code.bind(done);
  emit_unlock(code, spec);
}

// Jumps to `left_out` if there was no time left in this tick already. This comes before the sample,
// whose random number costs more: the packet would not be recorded, whatever that says.
void emit_tick(Assembler& code, const RecorderSpec& spec, Label left_out) {
  code.note("is the rate used up in this tick?");
  code.call(BPF_FUNC_jiffies64);
  emit_bucket(code, spec);
  code.load(Size::dword, kScratch, kBucket, kEmptyTick);
  code.jump_if(Cond::eq, kScratch, Reg::r0, left_out);
  code.store(Size::dword, Reg::r10, kTickSlot, Reg::r0);
}

// Recorders of any number of CPUs may run this at once. One that reads used_until after its own
// addition sees at least the cost of all packets chosen before, so what is chosen never exceeds the
// time. If several take the last of the time at once, all of them may give it back; then a later
// packet gets it. A budget that is used up is only read, but for one store a tick.
void emit_rate(Assembler& code, const RecorderSpec& spec, Label left_out) {
  const std::int32_t cost = recorder::cost(spec.budget.rate);
  const Label take = code.label();
  const Label chosen = code.label();
  const Label empty = code.label();
  code.note("is it within the rate?");
  code.call(BPF_FUNC_ktime_get_ns);
  emit_bucket(code, spec);
  emit_unused(code);
  code.jump_if(Cond::slt, kUnused, cost, empty);
  code.jump_if(Cond::sle, kUnused, depth(spec.budget.rate), take);
  emit_forfeit(code, spec, left_out);
  code.bind(take);
  emit_addition(code, kUsedUntil, cost);
  code.load(Size::dword, kScratch, kBucket, kUsedUntil);
  code.jump_if(Cond::le, kScratch, kNow, chosen);
  emit_addition(code, kUsedUntil, -cost);
  code.jump(left_out);
  code.bind(empty);
  code.load(Size::dword, kScratch, Reg::r10, kTickSlot);
  code.store(Size::dword, kBucket, kEmptyTick, kScratch);
  code.jump(left_out);
  code.bind(chosen);
}

}  // namespace

void emit_budget(Assembler& code, const RecorderSpec& spec, Label done) {
  const Budget& budget = spec.budget;
  if (!budget.is_limited()) return;
  const Label left_out = code.label();
  const Label chosen = code.label();
  if (budget.rate > 0) emit_tick(code, spec, left_out);
  if (budget.sample > 1) emit_sample(code, spec, left_out);
  if (budget.rate > 0) emit_rate(code, spec, left_out);
  code.jump(chosen);
  code.bind(left_out);
  increment(code, offsetof(xdpcap_counters, left_out));
  code.jump(done);
  code.bind(chosen);
}

void emit_draw(Assembler& code) {
  code.note("a random number for the sample");
  code.call(BPF_FUNC_get_prandom_u32);
  code.store(Size::word, Reg::r10, kDrawSlot, Reg::r0);
}

}  // namespace xdpcap::recorder
