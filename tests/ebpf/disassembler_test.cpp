// SPDX-License-Identifier: BSD-3-Clause
#include "ebpf/disassembler.hpp"

#include <gtest/gtest.h>

#include <string>

#include "ebpf/assembler.hpp"

namespace xdpcap::ebpf {
namespace {

// What a single instruction reads as.
template <class Emit>
std::string line(Emit emit) {
  Assembler code;
  emit(code);
  const Program program = code.assemble();
  return to_string(program.code[0], program.code.size() > 1 ? program.code[1] : bpf_insn{});
}

TEST(Disassembler, WritesArithmetic) {
  const auto alu = [](Alu op) {
    return line([&](auto& code) { code.alu64(op, Reg::r1, Reg::r2); });
  };
  EXPECT_EQ(alu(Alu::mov), "r1 = r2");
  EXPECT_EQ(alu(Alu::add), "r1 += r2");
  EXPECT_EQ(alu(Alu::sub), "r1 -= r2");
  EXPECT_EQ(alu(Alu::mul), "r1 *= r2");
  EXPECT_EQ(alu(Alu::div), "r1 /= r2");
  EXPECT_EQ(alu(Alu::mod), "r1 %= r2");
  EXPECT_EQ(alu(Alu::bit_or), "r1 |= r2");
  EXPECT_EQ(alu(Alu::bit_and), "r1 &= r2");
  EXPECT_EQ(alu(Alu::bit_xor), "r1 ^= r2");
  EXPECT_EQ(alu(Alu::lsh), "r1 <<= r2");
  EXPECT_EQ(alu(Alu::rsh), "r1 >>= r2");
  EXPECT_EQ(alu(Alu::arsh), "r1 s>>= r2");
  EXPECT_EQ(line([](auto& code) { code.alu32(Alu::neg, Reg::r1, 0); }), "w1 = -w1");
  EXPECT_EQ(line([](auto& code) { code.alu32(Alu::add, Reg::r1, Reg::r2); }), "w1 += w2");
  EXPECT_EQ(line([](auto& code) { code.be(Reg::r3, 16); }), "r3 = be16 r3");
}

TEST(Disassembler, WritesNumbersAsTheyAreRead) {
  const auto wide = [](std::int32_t imm) {
    return line([&](auto& code) { code.alu64(Alu::mov, Reg::r1, imm); });
  };
  const auto narrow = [](std::int32_t imm) {
    return line([&](auto& code) { code.alu32(Alu::mov, Reg::r1, imm); });
  };
  EXPECT_EQ(wide(-20), "r1 = -20");
  EXPECT_EQ(narrow(9), "w1 = 9");
  EXPECT_EQ(narrow(10), "w1 = 0xa");
  EXPECT_EQ(narrow(-9), "w1 = -9");
  EXPECT_EQ(narrow(-10), "w1 = 0xfffffff6");
}

TEST(Disassembler, WritesJumps) {
  const auto jump = [](Cond cond) {
    return line([&](Assembler& code) {
      const Label end = code.label();
      code.jump_if(cond, Reg::r1, Reg::r2, end);
      code.exit();
      code.bind(end);
    });
  };
  EXPECT_EQ(jump(Cond::eq), "if r1 == r2 goto +1");
  EXPECT_EQ(jump(Cond::ne), "if r1 != r2 goto +1");
  EXPECT_EQ(jump(Cond::gt), "if r1 > r2 goto +1");
  EXPECT_EQ(jump(Cond::ge), "if r1 >= r2 goto +1");
  EXPECT_EQ(jump(Cond::lt), "if r1 < r2 goto +1");
  EXPECT_EQ(jump(Cond::le), "if r1 <= r2 goto +1");
  EXPECT_EQ(jump(Cond::set), "if r1 & r2 goto +1");
  EXPECT_EQ(jump(Cond::sgt), "if r1 s> r2 goto +1");
  EXPECT_EQ(jump(Cond::sge), "if r1 s>= r2 goto +1");
  EXPECT_EQ(jump(Cond::slt), "if r1 s< r2 goto +1");
  EXPECT_EQ(jump(Cond::sle), "if r1 s<= r2 goto +1");
  EXPECT_EQ(line([](Assembler& code) {
              const Label end = code.label();
              code.jump32_if(Cond::eq, Reg::r1, 0x800, end);
              code.bind(end);
            }),
            "if w1 == 0x800 goto +0");
  EXPECT_EQ(line([](Assembler& code) {
              const Label end = code.label();
              code.bind(end);
              code.jump(end);
            }),
            "goto -1");
  EXPECT_EQ(line([](auto& code) { code.call(BPF_FUNC_ktime_get_ns); }), "call helper#5");
  EXPECT_EQ(line([](auto& code) { code.exit(); }), "exit");
}

TEST(Disassembler, WritesMemory) {
  EXPECT_EQ(line([](auto& code) { code.load(Size::half, Reg::r0, Reg::r7, 12); }),
            "r0 = *(u16 *)(r7 +12)");
  EXPECT_EQ(line([](auto& code) { code.load(Size::byte, Reg::r0, Reg::r3, 0); }),
            "r0 = *(u8 *)(r3 +0)");
  EXPECT_EQ(line([](auto& code) { code.store(Size::dword, Reg::r10, -8, Reg::r1); }),
            "*(u64 *)(r10 -8) = r1");
  EXPECT_EQ(line([](auto& code) { code.store(Size::word, Reg::r10, -4, 3); }),
            "*(u32 *)(r10 -4) = 3");
}

TEST(Disassembler, WritesAtomicOperations) {
  EXPECT_EQ(line([](auto& code) { code.add_atomically(Size::dword, Reg::r9, 8, Reg::r1); }),
            "lock *(u64 *)(r9 +8) += r1");
  EXPECT_EQ(line([](auto& code) { code.exchange(Size::dword, Reg::r1, 0, Reg::r3); }),
            "r3 = atomic_xchg(*(u64 *)(r1 +0), r3)");
  // Nothing here emits a compare and exchange.
  bpf_insn other{};
  other.code = BPF_STX | BPF_XADD | BPF_DW;
  other.dst_reg = 1;
  other.src_reg = 2;
  other.imm = 0xF1;
  EXPECT_EQ(to_string(other, {}), "atomic 0xf1 *(u64 *)(r1 +0), r2");
}

TEST(Disassembler, WritesWideConstants) {
  EXPECT_EQ(line([](auto& code) { code.load_imm64(Reg::r2, 0x1122334455667788); }),
            "r2 = 0x1122334455667788 ll");
  EXPECT_EQ(line([](auto& code) { code.load_map(Reg::r1, 3); }), "r1 = map[fd 3]");
  EXPECT_EQ(line([](auto& code) { code.load_map_value(Reg::r1, 3, 16); }),
            "r1 = map[fd 3][0] + 16");
}

TEST(Disassembler, CountsBothSlotsOfAWideConstant) {
  Assembler code;
  const Label end = code.label();
  code.jump_if(Cond::eq, Reg::r1, 0, end);
  code.note("a note");
  code.load_imm64(Reg::r2, 0x1122334455667788);
  code.bind(end);
  code.exit();
  code.load_imm64(Reg::r3, 0x100000000);
  EXPECT_EQ(to_string(code.assemble()),
            "   0: if r1 == 0 goto 3\n"
            "   1: r2 = 0x1122334455667788 ll              ; a note\n"
            "   3: exit\n"
            "   4: r3 = 0x100000000 ll\n");
}

}  // namespace
}  // namespace xdpcap::ebpf
