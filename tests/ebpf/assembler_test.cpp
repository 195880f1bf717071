// SPDX-License-Identifier: BSD-3-Clause
#include "ebpf/assembler.hpp"

#include <gtest/gtest.h>

#include <cstddef>

#include "base/error.hpp"

namespace xdpcap::ebpf {
namespace {

TEST(Assembler, EncodesAsTheIsaSays) {
  Assembler code;
  code.alu32(Alu::mov, Reg::r0, 2);
  code.load(Size::half, Reg::r3, Reg::r7, 12);
  code.store(Size::dword, Reg::r10, -8, Reg::r3);
  code.exit();
  const Program program = code.assemble();
  ASSERT_EQ(program.code.size(), 4U);
  EXPECT_EQ(program.code[0].code, 0xb4);  // RFC 9669: MOV | K | ALU
  EXPECT_EQ(program.code[0].imm, 2);
  EXPECT_EQ(program.code[1].code, 0x69);  // MEM | H | LDX
  EXPECT_EQ(program.code[1].dst_reg, 3);
  EXPECT_EQ(program.code[1].src_reg, 7);
  EXPECT_EQ(program.code[1].off, 12);
  EXPECT_EQ(program.code[2].code, 0x7b);  // MEM | DW | STX
  EXPECT_EQ(program.code[2].off, -8);
  EXPECT_EQ(program.code[3].code, 0x95);
  EXPECT_EQ(program.code[3].off, 0);
  EXPECT_EQ(program.code[3].imm, 0);
}

TEST(Assembler, WideConstantsTakeTwoSlotsAndJumpsCountThem) {
  Assembler code;
  const Label end = code.label();
  code.jump_if(Cond::eq, Reg::r1, 0, end);
  code.load_imm64(Reg::r2, 0x1122334455667788);
  code.bind(end);
  code.exit();
  const Program program = code.assemble();
  ASSERT_EQ(program.code.size(), 4U);
  EXPECT_EQ(program.code[0].off, 2);
  EXPECT_EQ(program.code[1].imm, 0x55667788);
  EXPECT_EQ(program.code[2].imm, 0x11223344);
}

TEST(Assembler, JumpsGoBackwardsToo) {
  Assembler code;
  const Label start = code.label();
  code.bind(start);
  code.alu64(Alu::sub, Reg::r1, 1);
  code.jump_if(Cond::ne, Reg::r1, 0, start);
  EXPECT_EQ(code.assemble().code[1].off, -2);
}

TEST(Assembler, RefusesLabelsThatAreMissingOrDoubled) {
  Assembler code;
  const Label nowhere = code.label();
  code.jump(nowhere);
  EXPECT_THROW(code.assemble(), Error);

  Assembler twice;
  const Label here = twice.label();
  twice.bind(here);
  EXPECT_THROW(twice.bind(here), Error);
}

// Follows jumps from `at`, as the kernel would.
std::size_t land(const Program& program, std::size_t at) {
  while (program.code[at].code == (BPF_JMP | BPF_JA)) at += 1 + program.code[at].off;
  return at;
}

TEST(Assembler, BridgesJumpsThatAreTooLong) {
  Assembler code;
  const Label far = code.label();
  const Label farther = code.label();
  code.jump_if(Cond::eq, Reg::r1, 0, far);
  code.jump_if(Cond::eq, Reg::r1, 1, farther);
  code.jump_if(Cond::eq, Reg::r1, 2, far);
  for (int i = 0; i < 100'000; ++i) code.alu64(Alu::mov, Reg::r0, i);
  code.bind(far);
  code.alu64(Alu::mov, Reg::r0, -1);
  code.bind(farther);
  code.exit();
  const Program program = code.assemble();
  const std::size_t end = program.code.size() - 1;
  ASSERT_EQ(program.code.size(), program.notes.size());
  EXPECT_EQ(land(program, 1 + program.code[0].off), end - 1);
  EXPECT_EQ(land(program, 2 + program.code[1].off), end);
  EXPECT_EQ(land(program, 3 + program.code[2].off), end - 1);
  // The straight way goes around the bridges: each number comes once, in order.
  int next = 0;
  for (std::size_t at = 3; at < end - 1; at = land(program, at + 1)) {
    ASSERT_EQ(program.code[at].imm, next++);
  }
  EXPECT_EQ(next, 100'000);
}

TEST(Assembler, RefusesJumpsBackwardsThatAreTooLong) {
  Assembler code;
  const Label start = code.label();
  code.bind(start);
  for (int i = 0; i < 32'768; ++i) code.alu64(Alu::mov, Reg::r0, 0);
  code.jump(start);
  EXPECT_THROW(code.assemble(), Error);
}

TEST(Assembler, NotesStayBesideTheirInstruction) {
  Assembler code;
  code.exit();
  code.note("ldh [12]");
  code.exit();
  const Program program = code.assemble();
  EXPECT_EQ(program.notes[0], "");
  EXPECT_EQ(program.notes[1], "ldh [12]");
}

}  // namespace
}  // namespace xdpcap::ebpf
