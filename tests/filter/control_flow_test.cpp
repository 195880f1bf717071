// SPDX-License-Identifier: BSD-3-Clause
// simplify_cfg() and remove_dead_code() on small graphs.
#include <gtest/gtest.h>

#include "filter/graph_text.hpp"
#include "filter/passes.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

TEST(ThreadJumps, GoesAroundBlocksThatDoNothing) {
  Graph graph;
  const auto [test, first, second, start] = add_blocks<4>(graph);
  graph.entry = start;
  graph[start] = {.ops = {}, .end = Jump{test}};
  graph[test] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 6U, first, kNoMatch}};
  graph[first] = {.ops = {}, .end = Jump{second}};
  graph[second] = {.ops = {}, .end = Jump{kMatch}};
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; if A == 6 then match else no_match\n");
}

TEST(ThreadJumps, EndsWhereNothingIsToBeDone) {
  Graph graph = one_block({.ops = {}, .end = Jump{kMatch}});
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph), "match");
}

TEST(ThreadJumps, DropsABranchWhoseWaysAreOne) {
  Graph graph;
  const auto [test, around] = add_blocks<2>(graph);
  graph[test] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 6U, around, kMatch}};
  graph[around] = {.ops = {}, .end = Jump{kMatch}};
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; go to match\n");
}

TEST(ThreadJumps, JoinsBlocksThatOnlyFollowOneAnother) {
  Graph graph;
  const auto [one, two, three] = add_blocks<3>(graph);
  graph[one] = {.ops = ops({kByte}), .end = Jump{two}};
  graph[two] = {.ops = ops({Copy{Var::x, Var::a}}), .end = Jump{three}};
  graph[three] = {.ops = ops({Constant{Var::a, 1}}),
                  .end = Branch{Cond::gt, Var::a, Var::x, kMatch, kNoMatch}};
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; X = A; A = 1; if A > X then match else no_match\n");
}

TEST(ThreadJumps, LeavesABlockThatOthersJumpToo) {
  Graph graph;
  const auto [test, change, common] = add_blocks<3>(graph);
  graph[test] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 6U, change, common}};
  graph[change] = {.ops = ops({Constant{Var::a, 1}}), .end = Jump{common}};
  graph[common] = {.ops = ops({Compute{Alu::add, Var::a, 1U}}), .end = match_if(2)};
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph),
            "0: A = u8[12]; if A == 6 then 1 else 2\n"
            "1: A = 1; go to 2\n"
            "2: A += 1; if A == 2 then match else no_match\n");
}

// A jump backwards is counted when the filter runs, so it has to stay one.
TEST(ThreadJumps, KeepsJumpsBackwards) {
  Graph graph;
  graph.has_loops = true;
  const auto [start, body, back] = add_blocks<3>(graph);
  graph[start] = {.ops = ops({kByte}), .end = Jump{body}};
  graph[body] = {.ops = ops({Compute{Alu::sub, Var::a, 1U}}),
                 .end = Branch{Cond::eq, Var::a, 0U, kMatch, back}};
  graph[back] = {.ops = {}, .end = LoopBack{body}};
  simplify_cfg(graph);
  EXPECT_EQ(to_text(graph),
            "0: A = u8[12]; go to 1\n"
            "1: A -= 1; if A == 0 then match else 2\n"
            "2: loop to 1\n");
}

TEST(RemoveDeadCode, DropsWhatIsNotRead) {
  Graph graph = one_block({.ops = ops({Constant{Var::x, 3}, kByte, Copy{Var::x, Var::a},
                                       Copy{scratch(2), Var::x}, Compute{Alu::add, Var::a, 1U}}),
                           .end = match_if(7)});
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; A += 1; if A == 7 then match else no_match\n");
}

TEST(RemoveDeadCode, KeepsWhatALoadDemands) {
  Graph graph = one_block(
      {.ops = ops({Constant{Var::x, 3}, Load{.base = Base::x, .offset = 2, .bytes = 4}, kByte}),
       .end = match_if(7)});
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph),
            "0: X = 3; skip u32[X+2]; A = u8[12]; if A == 7 then match else no_match\n");
}

TEST(RemoveDeadCode, KeepsWhatOneWayReads) {
  Graph graph;
  const auto [test, reads] = add_blocks<2>(graph);
  graph[test] = {.ops = ops({kByte, Copy{Var::x, Var::a}}),
                 .end = Branch{Cond::eq, Var::a, 7U, reads, kMatch}};
  graph[reads] = {.ops = ops({Copy{Var::a, Var::x}}),
                  .end = Branch{Cond::set, Var::a, 1U, kMatch, kNoMatch}};
  const std::string before = to_text(graph);
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), before);
}

TEST(RemoveDeadCode, KeepsWhatTheNextTurnOfALoopReads) {
  Graph graph;
  graph.has_loops = true;
  const auto [start, body, step, back] = add_blocks<4>(graph);
  graph[start] = {.ops = ops({Constant{scratch(0), 9}, Constant{scratch(1), 9}}),
                  .end = Jump{body}};
  graph[body] = {.ops = ops({Copy{Var::a, scratch(0)}}),
                 .end = Branch{Cond::eq, Var::a, 0U, kMatch, step}};
  // The inner way to the start reads what was written before another turn.
  graph[step] = {.ops = ops({Copy{Var::x, scratch(1)}, Copy{scratch(0), Var::x}}),
                 .end = Jump{back}};
  graph[back] = {.ops = ops({Constant{scratch(1), 5}}), .end = LoopBack{body}};
  const std::string before = to_text(graph);
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), before);
}

TEST(RemoveDeadCode, RejectsAtOnceWhatCannotMatch) {
  Graph graph;
  const auto [test, hopeless] = add_blocks<2>(graph);
  graph[test] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 7U, kMatch, hopeless}};
  graph[hopeless] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 1U, kNoMatch, kNoMatch}};
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; if A == 7 then match else no_match\n");

  graph[test].end = Branch{Cond::eq, Var::a, 7U, hopeless, kNoMatch};
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), "no_match");
}

TEST(RemoveDeadCode, RejectsAtOnceLoopsThatCannotMatch) {
  Graph graph;
  graph.has_loops = true;
  const auto [test, body, back] = add_blocks<3>(graph);
  graph[test] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 7U, kMatch, body}};
  graph[body] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 1U, kNoMatch, back}};
  graph[back] = {.ops = {}, .end = LoopBack{body}};
  remove_dead_code(graph);
  EXPECT_EQ(to_text(graph), "0: A = u8[12]; if A == 7 then match else no_match\n");
}

}  // namespace
}  // namespace xdpcap::test
