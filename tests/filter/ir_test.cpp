// SPDX-License-Identifier: BSD-3-Clause
// The graph functions that all passes use.
#include "filter/ir.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "filter/graph_text.hpp"
#include "filter/registers.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

TEST(ReversePostorder, PutsTheWayToFallIntoNext) {
  Graph graph;
  const auto [test, one, other] = add_blocks<3>(graph);
  graph[one].end = graph[other].end = Jump{kMatch};
  graph[test].end = Branch{Cond::eq, Var::a, 0U, one, other};
  EXPECT_EQ(reverse_postorder(graph), (std::vector{test, one, other}));
  // Nothing is the opposite of "any bit set".
  graph[test].end = Branch{Cond::set, Var::a, 1U, one, other};
  EXPECT_EQ(reverse_postorder(graph), (std::vector{test, other, one}));
}

TEST(ReversePostorder, PutsABlockAfterItsPredecessors) {
  Graph graph;
  const auto [last, middle, start, unreachable] = add_blocks<4>(graph);
  graph.entry = start;
  graph[start].end = Branch{Cond::eq, Var::a, 0U, last, middle};
  graph[middle].end = graph[unreachable].end = Jump{last};
  graph[last].end = Jump{kMatch};
  EXPECT_EQ(reverse_postorder(graph), (std::vector{start, middle, last}));
  EXPECT_EQ(count_predecessors(graph)[last], 2U);
  EXPECT_EQ(count_predecessors(graph)[start], 1U);
  graph.entry = kMatch;
  EXPECT_TRUE(reverse_postorder(graph).empty());
}

// One turn of a loop reads what another one has written.
TEST(LiveAtStart, GoesRoundLoops) {
  Graph graph;
  graph.has_loops = true;
  const auto [start, body, back] = add_blocks<3>(graph);
  graph[start].end = Jump{body};
  graph[body] = {.ops = ops({Copy{Var::a, scratch(4)}}),
                 .end = Branch{Cond::eq, Var::a, Var::x, kMatch, back}};
  graph[back] = {.ops = ops({Copy{Var::x, scratch(3)}}), .end = LoopBack{body}};
  const ByBlock<VarSet> live = live_at_start(graph);
  EXPECT_EQ(live[start], (VarSet{Var::x, scratch(3), scratch(4)}));
  EXPECT_EQ(live[body], (VarSet{Var::x, scratch(3), scratch(4)}));
  EXPECT_EQ(live[back], (VarSet{scratch(3), scratch(4)}));
  EXPECT_EQ(live_at_end(graph[body], live), (VarSet{Var::a, Var::x, scratch(3), scratch(4)}));
}

// The register of X becomes the cursor, unless X is read afterwards.
TEST(Registers, LetTheCursorHaveXsWherePossible) {
  Graph graph;
  graph.entry = graph.add();
  Block& block = graph[graph.entry];
  const auto share = [&] {
    const auto registers = Registers::direct(graph, StackFrame(0));
    return registers.reg(Var::cursor) == registers.reg(Var::x);
  };
  const Guard guard{.base = Base::x, .end = 3, .reached = 0};
  const Load load{.base = Base::cursor, .offset = -1, .bytes = 1};
  block = {.ops = ops({kByte, Copy{Var::x, Var::a}, guard, load}), .end = match_if(1)};
  EXPECT_TRUE(share());
  block.end = Branch{Cond::eq, Var::a, Var::x, kMatch, kNoMatch};
  EXPECT_FALSE(share());
  // X gets another value while the cursor is still read.
  block = {.ops = ops({Constant{Var::x, 1}, guard, Constant{Var::x, 2}, load}), .end = match_if(1)};
  EXPECT_FALSE(share());
}

}  // namespace
}  // namespace xdpcap::test
