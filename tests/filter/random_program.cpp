// SPDX-License-Identifier: BSD-3-Clause
#include "filter/random_program.hpp"

#include <linux/filter.h>

#include <algorithm>
#include <array>
#include <vector>

namespace xdpcap::test {
namespace {

constexpr std::uint16_t code(unsigned bits) {
  return static_cast<std::uint16_t>(bits);
}

// Numbers that programs trip over, and small ones that make a filter match now and then.
std::uint32_t random_constant(Choices& choices) {
  constexpr std::array<std::uint32_t, 14> kEdges = {
      0, 1, 2, 31, 32, 0x7F, 0xFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x0800, 60};
  if (choices.one_in(3)) return choices.number();
  if (choices.one_in(2)) return kEdges[choices.below(kEdges.size())];
  return choices.below(256);
}

std::uint32_t random_offset(Choices& choices) {
  if (choices.one_in(40)) return random_constant(choices);
  return choices.below(choices.one_in(8) ? 90 : 30);
}

// How far a jump at `position` may go, and no farther than eight bits say.
std::uint8_t random_jump(Choices& choices, std::size_t position, std::size_t length) {
  const std::size_t room = std::min<std::size_t>(length - position - 1, 255);
  if (room == 0) return 0;
  const std::size_t usual = std::min<std::size_t>(room, 6);
  return static_cast<std::uint8_t>(
      choices.below(static_cast<std::uint32_t>(choices.one_in(6) ? room : usual)));
}

CbpfInstruction random_load(Choices& choices) {
  constexpr std::array<unsigned, 3> kSizes = {BPF_W, BPF_H, BPF_B};
  const unsigned size = kSizes[choices.below(3)];
  switch (choices.below(10)) {
    case 0:
      return {code(BPF_LD | BPF_IMM), 0, 0, random_constant(choices)};
    case 1:
      return {code(BPF_LDX | BPF_IMM), 0, 0, random_offset(choices)};
    case 2:
      return {code(choices.one_in(2) ? BPF_LD | BPF_W | BPF_LEN : BPF_LDX | BPF_W | BPF_LEN), 0, 0,
              0};
    case 3:
      return {code(BPF_LDX | BPF_MSH | BPF_B), 0, 0, random_offset(choices)};
    case 4:
    case 5:
      return {code(BPF_LD | size | BPF_IND), 0, 0, random_offset(choices)};
    default:
      return {code(BPF_LD | size | BPF_ABS), 0, 0, random_offset(choices)};
  }
}

CbpfInstruction random_alu(Choices& choices) {
  constexpr std::array<unsigned, 11> kOps = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND,
                                             BPF_LSH, BPF_RSH, BPF_NEG, BPF_MOD, BPF_XOR};
  const unsigned op = kOps[choices.below(kOps.size())];
  const unsigned source = choices.one_in(3) && op != BPF_NEG ? BPF_X : BPF_K;
  std::uint32_t k = random_constant(choices);
  if (op == BPF_LSH || op == BPF_RSH) k %= 32;
  if (op == BPF_DIV || op == BPF_MOD) k = std::max(k, 1U);
  return {code(BPF_ALU | op | source), 0, 0, k};
}

CbpfInstruction random_branch(Choices& choices, std::size_t position, std::size_t length) {
  constexpr std::array<unsigned, 4> kConditions = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  const unsigned source = choices.one_in(4) ? BPF_X : BPF_K;
  if (choices.one_in(12)) {
    return {code(BPF_JMP | BPF_JA), 0, 0, random_jump(choices, position, length)};
  }
  return {code(BPF_JMP | kConditions[choices.below(4)] | source),
          random_jump(choices, position, length), random_jump(choices, position, length),
          random_constant(choices)};
}

CbpfInstruction random_move(Choices& choices) {
  constexpr std::array<unsigned, 6> kMoves = {
      BPF_LD | BPF_MEM, BPF_LDX | BPF_MEM, BPF_ST, BPF_STX, BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA};
  const unsigned move = kMoves[choices.below(kMoves.size())];
  return {code(move), 0, 0, BPF_CLASS(move) == BPF_MISC ? 0 : choices.below(5) * 3};
}

CbpfInstruction random_return(Choices& choices) {
  if (choices.one_in(3)) return {code(BPF_RET | BPF_A), 0, 0, 0};
  return {code(BPF_RET | BPF_K), 0, 0, choices.below(2)};
}

CbpfInstruction random_instruction(Choices& choices, std::size_t position, std::size_t length) {
  const std::uint32_t kind = choices.below(100);
  if (kind < 35) return random_load(choices);
  if (kind < 55) return random_alu(choices);
  if (kind < 82) return random_branch(choices, position, length);
  if (kind < 97) return random_move(choices);
  return random_return(choices);
}

// After the five stores that random_program() begins with, some instructions become jumps back.
void add_loops(Choices& choices, CbpfProgram& program) {
  for (std::size_t at = 6; at + 1 < program.size(); ++at) {
    if (!choices.one_in(12)) continue;
    const std::uint32_t distance = 2 + choices.below(static_cast<std::uint32_t>(at));
    program[at] = {code(BPF_JMP | BPF_JA), 0, 0, 0U - distance};
  }
}

}  // namespace

// SplitMix64: small, good enough, and the same everywhere, unlike std::uniform_int_distribution.
std::uint32_t Choices::number() {
  if (from_bytes_) {
    std::uint32_t value = 0;
    for (int i = 0; i < 2 && !bytes_.empty(); ++i, bytes_ = bytes_.subspan(1)) {
      value = value << 8 | bytes_.front();
    }
    return value;
  }
  state_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return static_cast<std::uint32_t>((z ^ (z >> 31)) >> 16);
}

CbpfProgram random_program(Choices& choices, std::size_t length) {
  CbpfProgram program;
  for (std::uint32_t i = 0; i < 5 && program.size() + 1 < length; ++i) {
    program.push_back({code(i % 2 == 0 ? BPF_ST : BPF_STX), 0, 0, i * 3});
  }
  // All five words or none: a program too short for that reads no scratch memory.
  if (program.size() < 5) program.clear();
  const bool scratch = !program.empty();
  while (program.size() + 1 < length) {
    const CbpfInstruction next = random_instruction(choices, program.size(), length);
    const bool moves = next.code == (BPF_LD | BPF_MEM) || next.code == (BPF_LDX | BPF_MEM);
    if (moves && !scratch) continue;
    program.push_back(next);
  }
  program.push_back(random_return(choices));
  if (choices.one_in(5)) add_loops(choices, program);
  return program;
}

std::vector<std::uint32_t> random_offsets(Choices& choices) {
  std::vector<std::uint32_t> offsets;
  if (!choices.one_in(4)) return offsets;
  for (std::uint32_t left = 1 + choices.below(3); left > 0; --left) {
    offsets.push_back(choices.below(20));
  }
  return offsets;
}

Bytes random_packet(Choices& choices, std::size_t length) {
  Bytes packet(length);
  // Small bytes as well, so that lengths and offsets taken from a packet often stay inside it.
  for (std::uint8_t& byte : packet) {
    byte = static_cast<std::uint8_t>(choices.one_in(2) ? choices.number() : choices.below(24));
  }
  return packet;
}

}  // namespace xdpcap::test
