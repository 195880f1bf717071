// SPDX-License-Identifier: BSD-3-Clause
// guard_packet() on small graphs.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "filter/graph_text.hpp"
#include "filter/passes.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

Load byte(std::int32_t offset) {
  return {.base = Base::packet, .offset = offset, .bytes = 1};
}
Load past_x(std::int32_t offset) {
  return {.base = Base::x, .offset = offset, .bytes = 1};
}

std::string guarded(Graph graph) {
  guard_packet(graph);
  return to_text(graph);
}
std::string guarded(std::initializer_list<decltype(Op::what)> what) {
  const Graph graph = one_block({.ops = ops(what), .end = match_if(1)});
  return guarded(graph);
}

TEST(GuardPacket, GuardsOnceForAllThatIsRead) {
  EXPECT_EQ(guarded({byte(12), byte(30), byte(3)}),
            "0: need 31; A = u8[12]; A = u8[30]; A = u8[3]; if A == 1 then match else no_match\n");
}

TEST(GuardPacket, AsksForNothingWhereNothingIsRead) {
  EXPECT_EQ(guarded({Length{Var::a}}), "0: A = len; if A == 1 then match else no_match\n");
}

// A packet that passes neither test needs nothing, one that passes needs the rest: all at once.
TEST(GuardPacket, AsksAtTheStartForWhatEveryMatchNeeds) {
  Graph graph;
  const auto [first, second] = add_blocks<2>(graph);
  graph[first] = {.ops = ops({byte(12)}), .end = Branch{Cond::eq, Var::a, 1U, second, kNoMatch}};
  graph[second] = {.ops = ops({byte(30)}), .end = match_if(2)};
  EXPECT_EQ(guarded(graph),
            "0: need 31; A = u8[12]; if A == 1 then 1 else no_match\n"
            "1: A = u8[30]; if A == 2 then match else no_match\n");
}

// Where paths differ, the first guard is for the shorter need; the longer one's extends it.
TEST(GuardPacket, GoesOnFromThePointerOnOneWay) {
  Graph graph;
  const auto [test, longer, shorter] = add_blocks<3>(graph);
  graph[test] = {.ops = ops({byte(12)}), .end = Branch{Cond::eq, Var::a, 1U, longer, shorter}};
  graph[longer] = {.ops = ops({byte(30)}), .end = match_if(2)};
  graph[shorter] = {.ops = ops({byte(14)}), .end = match_if(3)};
  EXPECT_EQ(guarded(graph),
            "0: need 15; A = u8[12]; if A == 1 then 1 else 2\n"
            "1: need 31 after 15; A = u8[30]; if A == 2 then match else no_match\n"
            "2: A = u8[14]; if A == 3 then match else no_match\n");
}

// After paths meet, only what all of them have proven is known, and a pointer that differs between
// them is lost.
TEST(GuardPacket, LosesThePointerWherePathsMeet) {
  Graph graph;
  const auto [test, longer, meet, last] = add_blocks<4>(graph);
  graph[test] = {.ops = ops({byte(12)}), .end = Branch{Cond::eq, Var::a, 1U, longer, meet}};
  graph[longer] = {.ops = ops({byte(30)}), .end = Branch{Cond::eq, Var::a, 2U, meet, kMatch}};
  graph[meet] = {.ops = {}, .end = Branch{Cond::eq, Var::x, 2U, last, kMatch}};
  graph[last] = {.ops = ops({byte(25)}), .end = match_if(3)};
  EXPECT_EQ(guarded(graph),
            "0: need 13; A = u8[12]; if A == 1 then 1 else 2\n"
            "1: need 31 after 13; A = u8[30]; if A == 2 then 2 else match\n"
            "2: if X == 2 then 3 else match\n"
            "3: need 26; A = u8[25]; if A == 3 then match else no_match\n");
}

TEST(GuardPacket, MakesLoadsRelativeToTheCursor) {
  EXPECT_EQ(guarded({byte(12), Copy{Var::x, Var::a}, past_x(2), past_x(9)}),
            "0: need 13; A = u8[12]; X = A; need X+10; A = u8[cursor-8]; A = u8[cursor-1]; "
            "if A == 1 then match else no_match\n");
}

TEST(GuardPacket, HasNoCursorToBeginWith) {
  EXPECT_EQ(guarded({past_x(0)}),
            "0: need X+1; A = u8[cursor-1]; if A == 1 then match else no_match\n");
}

// A cursor with the same position on two paths may be extended as far as the larger X allows.
TEST(GuardPacket, KeepsTheLargerXWhereWaysMeet) {
  for (const bool larger_first : {false, true}) {
    Graph graph;
    const auto [start, one, other, meet, last] = add_blocks<5>(graph);
    graph[start].end = Branch{Cond::eq, Var::a, 1U, one, other};
    const Copy to_x{Var::x, Var::a};
    graph[larger_first ? one : other] = {.ops = ops({kHalf, to_x, past_x(2)}), .end = Jump{meet}};
    graph[larger_first ? other : one] = {.ops = ops({byte(12), to_x, past_x(2)}),
                                         .end = Jump{meet}};
    graph[meet].end = Branch{Cond::eq, Var::a, 1U, last, kMatch};
    graph[last] = {.ops = ops({past_x(7)}), .end = match_if(2)};
    EXPECT_NE(guarded(graph).find("4: need X+8 of a bounded X; A = u8[cursor-1]"),
              std::string::npos)
        << guarded(graph);
  }
}

TEST(GuardPacket, MakesTheCursorAnewForAnotherX) {
  EXPECT_EQ(guarded({Constant{Var::x, 1}, past_x(2), Constant{Var::x, 5}, past_x(3)}),
            "0: X = 1; need X+3; A = u8[cursor-1]; X = 5; need X+4; A = u8[cursor-1]; "
            "if A == 1 then match else no_match\n");
}

TEST(GuardPacket, GoesOnFromTheCursorOnOneWay) {
  Graph graph;
  const auto [test, longer] = add_blocks<2>(graph);
  graph[test] = {.ops = ops({Constant{Var::x, 1}, past_x(2)}),
                 .end = Branch{Cond::eq, Var::a, 1U, longer, kMatch}};
  graph[longer] = {.ops = ops({past_x(7)}), .end = match_if(2)};
  EXPECT_EQ(guarded(graph),
            "0: X = 1; need X+3; A = u8[cursor-1]; if A == 1 then 1 else match\n"
            "1: need X+8 after 3; A = u8[cursor-1]; if A == 2 then match else no_match\n");
}

// The verifier follows no pointer that may be further than 65,535 bytes from the packet's start.
TEST(GuardPacket, BoundsAnXThatMayBeTooLarge) {
  const auto bounds = [](std::initializer_list<decltype(Op::what)> what) {
    return guarded(what).find("of a bounded X") != std::string::npos;
  };
  const Copy to_x{Var::x, Var::a};
  EXPECT_TRUE(bounds({kHalf, to_x, past_x(0)}));
  EXPECT_FALSE(bounds({byte(12), to_x, past_x(0)}));
  EXPECT_FALSE(bounds({byte(12), to_x, past_x(65534 - 255)}));
  EXPECT_TRUE(bounds({byte(12), to_x, past_x(65535 - 255)}));

  const auto after = [&](Alu op, Operand operand) {
    return bounds({byte(12), Compute{op, Var::a, operand}, to_x, past_x(0)});
  };
  EXPECT_FALSE(after(Alu::add, 65534U - 255));
  EXPECT_TRUE(after(Alu::add, 65535U - 255));
  EXPECT_TRUE(after(Alu::add, 0xFFFFFFFFU));  // which may come round
  EXPECT_FALSE(after(Alu::lsh, 8U));
  EXPECT_TRUE(after(Alu::lsh, 9U));
  EXPECT_TRUE(after(Alu::sub, 1U));
  EXPECT_TRUE(after(Alu::lsh, Var::x));
  EXPECT_TRUE(after(Alu::rsh, Var::x));
  // Of a value with swapped bytes it knows nothing, but what a mask leaves.
  EXPECT_TRUE(bounds({kHalf, Compute{Alu::rsh, Var::a, 24U}, to_x, past_x(0)}));
  EXPECT_FALSE(bounds({kHalf, Compute{Alu::bit_and, Var::a, 0xFFU}, to_x, past_x(0)}));
  EXPECT_FALSE(bounds({kHalf, Compute{Alu::bit_and, Var::a, 0xFFFFU}, Compute{Alu::rsh, Var::a, 4U},
                       to_x, past_x(0)}));
  EXPECT_TRUE(bounds({Length{Var::x}, past_x(0)}));
  EXPECT_TRUE(bounds({Constant{Var::x, 4}, Scrub{Var::x}, past_x(0)}));
}

TEST(GuardPacket, GoesAsFarAsTheVerifier) {
  EXPECT_EQ(guarded({byte(65534)}),
            "0: need 0xffff; A = u8[65534]; if A == 1 then match else no_match\n");
  EXPECT_EQ(guarded({Constant{Var::x, 0}, past_x(65534)}),
            "0: X = 0; need X+0xffff; A = u8[cursor-1]; if A == 1 then match else no_match\n");
}

// In a loop, X grows: what the first turn shows is not true of the next.
TEST(GuardPacket, BoundsAnXThatALoopRaises) {
  Graph graph;
  graph.has_loops = true;
  const auto [start, body, back] = add_blocks<3>(graph);
  graph[start] = {.ops = ops({Constant{Var::x, 0}}), .end = Jump{body}};
  graph[body] = {.ops = ops({past_x(0)}), .end = Branch{Cond::eq, Var::a, 1U, kMatch, back}};
  graph[back] = {
      .ops = ops({Copy{Var::a, Var::x}, Compute{Alu::add, Var::a, 8U}, Copy{Var::x, Var::a}}),
      .end = LoopBack{body}};
  EXPECT_EQ(guarded(graph),
            "0: X = 0; need X+1; go to 1\n"
            "1: A = u8[cursor-1]; if A == 1 then match else 2\n"
            "2: A = X; A += 8; X = A; need X+1 of a bounded X; loop to 1\n");
}

}  // namespace
}  // namespace xdpcap::test
