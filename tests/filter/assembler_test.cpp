// SPDX-License-Identifier: BSD-3-Clause
#include "filter/assembler.hpp"

#include <gtest/gtest.h>

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

TEST(Assembler, RefusesJumpsThatAreTooLong) {
  for (const int distance : {32767, 32768}) {
    Assembler code;
    const Label far = code.label();
    code.jump(far);
    for (int i = 0; i < distance; ++i) code.alu64(Alu::mov, Reg::r0, 0);
    code.bind(far);
    code.exit();
    if (distance == 32767) {
      EXPECT_EQ(code.assemble().code[0].off, 32767);
    } else {
      EXPECT_THROW(code.assemble(), Error);
    }
  }
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
