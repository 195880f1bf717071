// SPDX-License-Identifier: BSD-3-Clause
// A typed assembler for eBPF. It handles encodings and jump ranges only, and makes no system calls.
// Encodings: RFC 9669 (BPF ISA) and linux/bpf.h.
#pragma once

#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap::ebpf {

// Reg is one of the eleven registers. R0: return value, R1-R5: arguments (clobbered by calls),
// R6-R9: callee-saved, R10: frame pointer, read-only.
enum class Reg : std::uint8_t { r0, r1, r2, r3, r4, r5, r6, r7, r8, r9, r10 };

// Size is how much memory a load or a store touches.
enum class Size : std::uint8_t { byte = BPF_B, half = BPF_H, word = BPF_W, dword = BPF_DW };

enum class Alu : std::uint8_t {
  add = BPF_ADD,
  sub = BPF_SUB,
  mul = BPF_MUL,
  div = BPF_DIV,  // unsigned
  bit_or = BPF_OR,
  bit_and = BPF_AND,
  lsh = BPF_LSH,
  rsh = BPF_RSH,  // logical
  neg = BPF_NEG,
  mod = BPF_MOD,  // unsigned
  bit_xor = BPF_XOR,
  mov = BPF_MOV,
  arsh = BPF_ARSH,
};

enum class Cond : std::uint8_t {
  eq = BPF_JEQ,
  ne = BPF_JNE,
  gt = BPF_JGT,  // unsigned, as are ge, lt and le
  ge = BPF_JGE,
  lt = BPF_JLT,
  le = BPF_JLE,
  set = BPF_JSET,  // dst & src != 0
  sgt = BPF_JSGT,
  sge = BPF_JSGE,
  slt = BPF_JSLT,
  sle = BPF_JSLE,
};

// The operation of an atomic exchange: BPF_XCHG | BPF_FETCH, which older headers lack.
inline constexpr std::int32_t kExchange = 0xE0 | 1;

// Label is a position in the program that may not be known yet. Made by Assembler::label().
class Label {
 public:
  friend bool operator==(Label, Label) = default;

 private:
  friend class Assembler;
  explicit Label(std::size_t id) : id_(id) {}
  std::size_t id_;
};

// Program is the assembler's output. `notes` has a comment (often empty) for each instruction of
// `code`, for dumps.
struct Program {
  std::vector<bpf_insn> code;
  std::vector<std::string> notes;
};

class Assembler {
 public:
  Label label();
  // Binds `label` to the next instruction. A label is bound once.
  void bind(Label label);
  // Attaches a comment to the next instruction.
  void note(std::string text);

  // dst = dst op src. The 32-bit forms clear the upper half of dst.
  void alu64(Alu op, Reg dst, Reg src);
  void alu64(Alu op, Reg dst, std::int32_t imm);  // imm is sign-extended
  void alu32(Alu op, Reg dst, Reg src);
  void alu32(Alu op, Reg dst, std::int32_t imm);
  // Network to host byte order (and back) of the low 16, 32 or 64 bits; the rest is cleared.
  void be(Reg dst, int bits);

  void load_imm64(Reg dst, std::uint64_t value);
  void load_map(Reg dst, int map_fd);
  // dst = address of byte `offset` in the value of an ARRAY map with one entry.
  void load_map_value(Reg dst, int map_fd, std::uint32_t offset);

  void load(Size size, Reg dst, Reg base, std::int16_t offset);
  void store(Size size, Reg base, std::int16_t offset, Reg src);
  void store(Size size, Reg base, std::int16_t offset, std::int32_t imm);

  // Atomically adds `src` to memory (a word or a dword).
  void add_atomically(Size size, Reg base, std::int16_t offset, Reg src);
  // Atomically exchanges `src` and memory (a word or a dword), with a full barrier. Linux 5.12.
  void exchange(Size size, Reg base, std::int16_t offset, Reg src);

  void jump(Label target);
  void jump_if(Cond cond, Reg dst, Reg src, Label target);
  void jump_if(Cond cond, Reg dst, std::int32_t imm, Label target);  // imm is sign-extended
  void jump32_if(Cond cond, Reg dst, Reg src, Label target);         // compares the low 32 bits
  void jump32_if(Cond cond, Reg dst, std::int32_t imm, Label target);

  void call(bpf_func_id helper);
  void exit();

  [[nodiscard]] std::size_t size() const { return program_.code.size(); }

  // Resolves the jumps. Throws Error if a label was never bound, or if a backward jump is out of
  // range (32,767 instructions). The assembler is empty afterwards.
  Program assemble();

 private:
  struct Fixup {
    std::size_t at;
    Label target;
  };

  // Keeps forward jumps in range: emits a trampoline here for each label that distant jumps refer
  // to, and redirects those jumps to it.
  void bridge_long_jumps();
  void bridge(Label target, std::size_t first, std::size_t last);
  [[nodiscard]] bool falls_through() const;

  void emit(std::uint8_t code, Reg dst, Reg src, std::int16_t offset, std::int32_t imm);
  void append(std::uint8_t code, Reg dst, Reg src, std::int16_t offset, std::int32_t imm);
  void emit_wide(Reg dst, std::uint8_t pseudo, std::uint32_t low, std::uint32_t high);
  void emit_jump(std::uint8_t code, Reg dst, Reg src, std::int32_t imm, Label target);

  Program program_;
  std::string pending_note_;
  std::vector<std::ptrdiff_t> positions_;  // by label; -1 while it is not bound
  std::vector<Fixup> fixups_;              // in the order of `at`
  std::size_t bridged_ = 0;                // fixups_ before this one are in range for good
};

}  // namespace xdpcap::ebpf
