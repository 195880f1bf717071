// SPDX-License-Identifier: BSD-3-Clause
#include "ebpf/assembler.hpp"

#include <limits>
#include <utility>

#include "base/error.hpp"

namespace xdpcap::ebpf {
namespace {

constexpr std::uint8_t operator+(std::uint8_t code, Alu op) {
  return static_cast<std::uint8_t>(code | static_cast<std::uint8_t>(op));
}
constexpr std::uint8_t operator+(std::uint8_t code, Cond cond) {
  return static_cast<std::uint8_t>(code | static_cast<std::uint8_t>(cond));
}
constexpr std::uint8_t operator+(std::uint8_t code, Size size) {
  return static_cast<std::uint8_t>(code | static_cast<std::uint8_t>(size));
}

constexpr std::uint8_t kAlu64Reg = BPF_ALU64 | BPF_X;
constexpr std::uint8_t kAlu64Imm = BPF_ALU64 | BPF_K;
constexpr std::uint8_t kAlu32Reg = BPF_ALU | BPF_X;
constexpr std::uint8_t kAlu32Imm = BPF_ALU | BPF_K;
constexpr std::uint8_t kJump64Reg = BPF_JMP | BPF_X;
constexpr std::uint8_t kJump64Imm = BPF_JMP | BPF_K;
constexpr std::uint8_t kJump32Reg = BPF_JMP32 | BPF_X;
constexpr std::uint8_t kJump32Imm = BPF_JMP32 | BPF_K;

// Jump offsets have 16 bits. A jump whose label is still unbound after this many instructions gets
// a trampoline; the instructions that trampolines add keep the rest in range.
constexpr std::size_t kLongestWait = 30'000;

}  // namespace

Label Assembler::label() {
  positions_.push_back(-1);
  return Label(positions_.size() - 1);
}

void Assembler::bind(Label label) {
  std::ptrdiff_t& position = positions_.at(label.id_);
  if (position >= 0) throw Error("assembling BPF: a label is bound twice");
  position = static_cast<std::ptrdiff_t>(size());
}

void Assembler::note(std::string text) {
  pending_note_ = std::move(text);
}

void Assembler::alu64(Alu op, Reg dst, Reg src) {
  emit(kAlu64Reg + op, dst, src, 0, 0);
}
void Assembler::alu64(Alu op, Reg dst, std::int32_t imm) {
  emit(kAlu64Imm + op, dst, Reg::r0, 0, imm);
}
void Assembler::alu32(Alu op, Reg dst, Reg src) {
  emit(kAlu32Reg + op, dst, src, 0, 0);
}
void Assembler::alu32(Alu op, Reg dst, std::int32_t imm) {
  emit(kAlu32Imm + op, dst, Reg::r0, 0, imm);
}
void Assembler::be(Reg dst, int bits) {
  emit(BPF_ALU | BPF_END | BPF_TO_BE, dst, Reg::r0, 0, bits);
}

void Assembler::load_imm64(Reg dst, std::uint64_t value) {
  emit_wide(dst, 0, static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32));
}
void Assembler::load_map(Reg dst, int map_fd) {
  emit_wide(dst, BPF_PSEUDO_MAP_FD, static_cast<std::uint32_t>(map_fd), 0);
}
void Assembler::load_map_value(Reg dst, int map_fd, std::uint32_t offset) {
  emit_wide(dst, BPF_PSEUDO_MAP_VALUE, static_cast<std::uint32_t>(map_fd), offset);
}

void Assembler::load(Size size, Reg dst, Reg base, std::int16_t offset) {
  emit((BPF_LDX | BPF_MEM) + size, dst, base, offset, 0);
}
void Assembler::store(Size size, Reg base, std::int16_t offset, Reg src) {
  emit((BPF_STX | BPF_MEM) + size, base, src, offset, 0);
}
void Assembler::store(Size size, Reg base, std::int16_t offset, std::int32_t imm) {
  emit((BPF_ST | BPF_MEM) + size, base, Reg::r0, offset, imm);
}

void Assembler::add_atomically(Size size, Reg base, std::int16_t offset, Reg src) {
  emit((BPF_STX | BPF_XADD) + size, base, src, offset, BPF_ADD);
}
void Assembler::exchange(Size size, Reg base, std::int16_t offset, Reg src) {
  emit((BPF_STX | BPF_XADD) + size, base, src, offset, kExchange);
}

void Assembler::jump(Label target) {
  emit_jump(BPF_JMP | BPF_JA, Reg::r0, Reg::r0, 0, target);
}
void Assembler::jump_if(Cond cond, Reg dst, Reg src, Label target) {
  emit_jump(kJump64Reg + cond, dst, src, 0, target);
}
void Assembler::jump_if(Cond cond, Reg dst, std::int32_t imm, Label target) {
  emit_jump(kJump64Imm + cond, dst, Reg::r0, imm, target);
}
void Assembler::jump32_if(Cond cond, Reg dst, Reg src, Label target) {
  emit_jump(kJump32Reg + cond, dst, src, 0, target);
}
void Assembler::jump32_if(Cond cond, Reg dst, std::int32_t imm, Label target) {
  emit_jump(kJump32Imm + cond, dst, Reg::r0, imm, target);
}

void Assembler::call(bpf_func_id helper) {
  emit(BPF_JMP | BPF_CALL, Reg::r0, Reg::r0, 0, static_cast<std::int32_t>(helper));
}
void Assembler::exit() {
  emit(BPF_JMP | BPF_EXIT, Reg::r0, Reg::r0, 0, 0);
}

Program Assembler::assemble() {
  for (const Fixup& fixup : fixups_) {
    const std::ptrdiff_t target = positions_.at(fixup.target.id_);
    if (target < 0) throw Error("assembling BPF: a jump goes to a label that was never bound");
    // Jumps count from the instruction after them.
    const std::ptrdiff_t distance = target - static_cast<std::ptrdiff_t>(fixup.at) - 1;
    if (distance < std::numeric_limits<std::int16_t>::min() ||
        distance > std::numeric_limits<std::int16_t>::max()) {
      throw Error("assembling BPF: the program is too long for its jumps");
    }
    program_.code[fixup.at].off = static_cast<std::int16_t>(distance);
  }
  Program program = std::move(program_);
  *this = Assembler{};
  return program;
}

bool Assembler::falls_through() const {
  if (program_.code.empty()) return true;
  const std::uint8_t last = program_.code.back().code;
  return last != (BPF_JMP | BPF_JA) && last != (BPF_JMP | BPF_EXIT);
}

void Assembler::bridge_long_jumps() {
  const auto waits = [this](const Fixup& fixup) { return positions_[fixup.target.id_] < 0; };
  while (bridged_ < fixups_.size() && !waits(fixups_[bridged_])) ++bridged_;
  if (bridged_ == fixups_.size() || size() - fixups_[bridged_].at < kLongestWait) return;
  // The program has to jump over the trampolines. Where control does not fall through, that jump
  // would be unreachable, which the verifier refuses; a later instruction is reached.
  if (!falls_through()) return;

  const std::size_t first = std::exchange(bridged_, fixups_.size());
  const std::size_t last = fixups_.size();
  std::string note = std::exchange(pending_note_, {});
  const Label after = label();
  emit_jump(BPF_JMP | BPF_JA, Reg::r0, Reg::r0, 0, after);
  for (std::size_t i = first; i < last; ++i) {
    if (waits(fixups_[i])) bridge(fixups_[i].target, i, last);
  }
  bind(after);
  pending_note_ = std::move(note);
}

void Assembler::bridge(Label target, std::size_t first, std::size_t last) {
  const Label trampoline = label();
  bind(trampoline);
  for (std::size_t i = first; i < last; ++i) {
    if (fixups_[i].target == target) fixups_[i].target = trampoline;
  }
  emit_jump(BPF_JMP | BPF_JA, Reg::r0, Reg::r0, 0, target);
}

void Assembler::emit(std::uint8_t code, Reg dst, Reg src, std::int16_t offset, std::int32_t imm) {
  bridge_long_jumps();
  append(code, dst, src, offset, imm);
}

void Assembler::append(std::uint8_t code, Reg dst, Reg src, std::int16_t offset, std::int32_t imm) {
  bpf_insn insn{};
  insn.code = code;
  insn.dst_reg = static_cast<std::uint8_t>(dst) & 0xF;
  insn.src_reg = static_cast<std::uint8_t>(src) & 0xF;
  insn.off = offset;
  insn.imm = imm;
  program_.code.push_back(insn);
  program_.notes.push_back(std::exchange(pending_note_, {}));
}

// A 64-bit constant takes two instruction slots: the second holds only the upper half.
void Assembler::emit_wide(Reg dst, std::uint8_t pseudo, std::uint32_t low, std::uint32_t high) {
  emit(BPF_LD | BPF_DW | BPF_IMM, dst, static_cast<Reg>(pseudo), 0, static_cast<std::int32_t>(low));
  append(0, Reg::r0, Reg::r0, 0, static_cast<std::int32_t>(high));
}

void Assembler::emit_jump(std::uint8_t code, Reg dst, Reg src, std::int32_t imm, Label target) {
  bridge_long_jumps();
  fixups_.push_back({size(), target});
  append(code, dst, src, 0, imm);
}

}  // namespace xdpcap::ebpf
