// SPDX-License-Identifier: BSD-3-Clause
// choose_byte_order() on small graphs. Constants are swapped as on a little-endian machine.
#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "filter/graph_text.hpp"
#include "filter/passes.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

constexpr Load kWord{.base = Base::packet, .offset = 12, .bytes = 4};

// One block that ends in a branch.
std::string ordered(std::initializer_list<decltype(Op::what)> what, Cond cond, Operand right) {
  Graph graph = one_block({.ops = ops(what), .end = Branch{cond, Var::a, right, kMatch, kNoMatch}});
  choose_byte_order(graph);
  return to_text(graph);
}

TEST(ChooseByteOrder, SwapsConstantsOfTests) {
  EXPECT_EQ(ordered({kHalf}, Cond::eq, 0x0800U),
            "0: A = raw u16[12]; if A == 8 then match else no_match\n");
  EXPECT_EQ(ordered({kWord}, Cond::ne, 0x0A000001U),
            "0: A = raw u32[12]; if A != 0x100000a then match else no_match\n");
  EXPECT_EQ(ordered({kHalf}, Cond::set, 0x1FFFU),
            "0: A = raw u16[12]; if A & 0xff1f then match else no_match\n");
}

TEST(ChooseByteOrder, SwapsConstantsOfBitwiseOperations) {
  EXPECT_EQ(ordered({kHalf, Compute{Alu::bit_and, Var::a, 0xFFF0U}}, Cond::eq, 0x0120U),
            "0: A = raw u16[12]; A &= 0xf0ff; if A == 0x2001 then match else no_match\n");
  EXPECT_EQ(ordered({kHalf, Compute{Alu::bit_or, Var::a, 0x0100U}}, Cond::eq, 0x0120U),
            "0: A = raw u16[12]; A |= 1; if A == 0x2001 then match else no_match\n");
  // A mask takes away what two bytes do not hold; it does no harm.
  EXPECT_EQ(ordered({kHalf, Compute{Alu::bit_and, Var::a, 0xFFFF00FFU}}, Cond::eq, 1U),
            "0: A = raw u16[12]; A &= 0xff00; if A == 0x100 then match else no_match\n");
}

TEST(ChooseByteOrder, KeepsNumbersThatAreNumbers) {
  const std::string number = "0: A = u16[12]; ";
  EXPECT_EQ(ordered({kHalf}, Cond::gt, 1U), number + "if A > 1 then match else no_match\n");
  EXPECT_EQ(ordered({kHalf}, Cond::eq, Var::x), number + "if A == X then match else no_match\n");
  EXPECT_EQ(ordered({kHalf, Compute{Alu::add, Var::a, 1U}}, Cond::eq, 2U),
            number + "A += 1; if A == 2 then match else no_match\n");
  EXPECT_EQ(ordered({kHalf, Compute{Alu::bit_and, Var::a, Var::x}}, Cond::eq, 2U),
            number + "A &= X; if A == 2 then match else no_match\n");
  EXPECT_EQ(ordered({kHalf, Copy{Var::x, Var::a}}, Cond::eq, 2U),
            number + "X = A; if A == 2 then match else no_match\n");
}

// A number that A has from elsewhere is no concern of the packet's bytes.
TEST(ChooseByteOrder, LeavesOtherNumbers) {
  EXPECT_EQ(ordered({Length{Var::a}}, Cond::eq, 60U),
            "0: A = len; if A == 60 then match else no_match\n");
  EXPECT_EQ(ordered({kHalf, Copy{Var::a, Var::x}}, Cond::eq, 60U),
            "0: A = raw u16[12]; A = X; if A == 60 then match else no_match\n");
  EXPECT_EQ(ordered({Constant{Var::a, 60}}, Cond::eq, 60U),
            "0: A = 60; if A == 60 then match else no_match\n");
}

TEST(ChooseByteOrder, LeavesASingleByte) {
  EXPECT_EQ(ordered({Load{.base = Base::packet, .offset = 12, .bytes = 1}}, Cond::eq, 6U),
            "0: A = u8[12]; if A == 6 then match else no_match\n");
}

// Two bytes, swapped, have no room for more bits: a constant would lose them.
TEST(ChooseByteOrder, LeavesTwoBytesThatTakeMoreBits) {
  EXPECT_EQ(ordered({kHalf, Compute{Alu::bit_or, Var::a, 0x10000U}}, Cond::eq, 0x10001U),
            "0: A = u16[12]; A |= 0x10000; if A == 0x10001 then match else no_match\n");
}

// Where two ways meet, both values have one order.
TEST(ChooseByteOrder, AgreesWhereWaysMeet) {
  Graph graph;
  const auto [start, one, other, meet] = add_blocks<4>(graph);
  graph[start] = {.ops = {}, .end = Branch{Cond::eq, Var::x, 1U, one, other}};
  graph[one] = {.ops = ops({kHalf}), .end = Jump{meet}};
  graph[other] = {.ops = ops({Constant{Var::a, 0x0102}}), .end = Jump{meet}};
  graph[meet] = {.ops = {}, .end = match_if(0x0800)};
  Graph numbers = graph;
  Graph sizes = graph;
  choose_byte_order(graph);
  EXPECT_EQ(to_text(graph),
            "0: if X == 1 then 1 else 2\n"
            "1: A = raw u16[12]; go to 3\n"
            "2: A = 0x201; go to 3\n"
            "3: if A == 8 then match else no_match\n");

  numbers[meet].end = Branch{Cond::gt, Var::a, 0x0800U, kMatch, kNoMatch};
  const std::string before = to_text(numbers);
  choose_byte_order(numbers);
  EXPECT_EQ(to_text(numbers), before);

  // Two bytes and four do not agree.
  sizes[other].ops = ops({kWord});
  const std::string with_sizes = to_text(sizes);
  choose_byte_order(sizes);
  EXPECT_EQ(to_text(sizes), with_sizes);
}

}  // namespace
}  // namespace xdpcap::test
