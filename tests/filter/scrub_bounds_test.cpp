// SPDX-License-Identifier: BSD-3-Clause
// scrub_bounds() on small graphs. The kernel tests show whether the verifier accepts the result.
#include <gtest/gtest.h>

#include <string>

#include "filter/graph_text.hpp"
#include "filter/passes.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

constexpr Load kPastX{.base = Base::x, .offset = 2, .bytes = 1};

std::string scrubbed(Graph graph) {
  scrub_bounds(graph);
  return to_text(graph);
}

// A graph of `diamonds` additions that may or may not happen; each doubles what A may be. X, which
// decides about them, is unknown.
Graph additions(int diamonds, bool read_at_the_end) {
  Graph graph;
  BlockId at = graph.entry = graph.add();
  graph[at].ops = ops({kByte});
  for (int i = 0; i < diamonds; ++i) {
    const BlockId add = graph.add();
    const BlockId next = graph.add();
    graph[at].end = Branch{Cond::set, Var::x, 1U, next, add};
    graph[add] = {.ops = ops({Compute{Alu::add, Var::a, 1U}}), .end = Jump{next}};
    at = next;
  }
  if (!read_at_the_end) graph[at].ops = ops({Length{Var::a}});
  graph[at].end = Branch{Cond::gt, Var::a, 9U, kMatch, kNoMatch};
  return graph;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t found = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) {
    ++found;
  }
  return found;
}

TEST(ScrubBounds, LeavesAFew) {
  EXPECT_EQ(count(scrubbed(additions(3, true)), "scrub"), 0U);
}

TEST(ScrubBounds, ScrubsMany) {
  EXPECT_EQ(count(scrubbed(additions(4, true)), "scrub A"), 1U);
  // The count restarts.
  EXPECT_EQ(count(scrubbed(additions(7, true)), "scrub A"), 1U);
  EXPECT_EQ(count(scrubbed(additions(8, true)), "scrub A"), 2U);
}

// Only what is wanted at the block's start, whatever its operations do.
TEST(ScrubBounds, ScrubsWhatTheBlockReads) {
  Graph graph = additions(4, true);
  const BlockId last{graph.size() - 1};
  graph[last].ops = ops({Copy{Var::x, Var::a}, Length{Var::a}});
  graph[last].end = Branch{Cond::gt, Var::a, Var::x, kMatch, kNoMatch};
  EXPECT_EQ(count(scrubbed(graph), "scrub A; X = A; A = len; if"), 1U);
  graph[last].ops = ops({Length{Var::a}, Copy{Var::x, Var::a}});
  EXPECT_EQ(count(scrubbed(graph), "scrub"), 0U);
}

TEST(ScrubBounds, LeavesWhatIsNotRead) {
  const std::string text = scrubbed(additions(4, false));
  EXPECT_EQ(count(text, "scrub"), 0U);
}

// The same value on both ways is one value.
TEST(ScrubBounds, CountsOneValueOnce) {
  Graph graph = additions(3, true);
  const std::string before = to_text(graph);
  EXPECT_EQ(scrubbed(graph), before);
  for (std::size_t id = 0; id < graph.size(); ++id) {
    for (Op& op : graph[BlockId{id}].ops) {
      if (std::holds_alternative<Compute>(op.what)) op.what = Constant{Var::x, 0};
    }
  }
  const std::string constants = to_text(graph);
  EXPECT_EQ(scrubbed(graph), constants);
}

// Variants of two variables multiply, in an operation that takes both.
TEST(ScrubBounds, MultipliesWhatAnOperationTakes) {
  for (const bool both : {false, true}) {
    Graph graph = additions(2, true);
    // Four variants of A; X gets as many, from A or from a number.
    const BlockId last{graph.size() - 1};
    const Branch end = std::get<Branch>(graph[last].end);
    graph[last].ops = ops({Copy{Var::x, Var::a}, both ? Compute{Alu::add, Var::a, Var::x}
                                                      : Compute{Alu::add, Var::a, 1U}});
    graph[last].end = end;
    EXPECT_EQ(count(scrubbed(graph), "A += X; scrub A; if"), both ? 1U : 0U);
  }
}

TEST(ScrubBounds, ScrubsAnXThatWasCompared) {
  Graph graph;
  const auto blocks = add_blocks<2>(graph);
  const BlockId start = blocks[0];  // clang 14 captures no structured bindings
  const BlockId read = blocks[1];
  graph[start] = {.ops = ops({kByte, Copy{Var::x, Var::a}}),
                  .end = Branch{Cond::eq, Var::a, 9U, read, kNoMatch}};
  graph[read] = {.ops = ops({kPastX}), .end = match_if(1)};

  // A was compared, and X is another register.
  const std::string before = to_text(graph);
  EXPECT_EQ(scrubbed(graph), before);

  const auto end_of_start = [&](Cond cond, Var left, Operand right) {
    Graph changed = graph;
    changed[start].end = Branch{cond, left, right, read, kNoMatch};
    return count(scrubbed(changed), "scrub X; A = u8[X+2]");
  };
  EXPECT_EQ(end_of_start(Cond::gt, Var::a, Var::x), 1U);
  EXPECT_EQ(end_of_start(Cond::eq, Var::a, Var::x), 1U);
  EXPECT_EQ(end_of_start(Cond::eq, Var::x, 1U), 1U);
  EXPECT_EQ(end_of_start(Cond::ne, Var::x, 1U), 1U);
  EXPECT_EQ(end_of_start(Cond::set, Var::x, 1U), 1U);
  // Of these the verifier is sure.
  EXPECT_EQ(end_of_start(Cond::gt, Var::x, 1U), 0U);
  EXPECT_EQ(end_of_start(Cond::ge, Var::x, 1U), 0U);
}

// Compared on one of the ways is compared.
TEST(ScrubBounds, RemembersAComparisonWhereWaysMeet) {
  for (const bool on_first : {false, true}) {
    Graph graph;
    const auto [start, one, other, read] = add_blocks<4>(graph);
    graph[start] = {.ops = {}, .end = Branch{Cond::gt, Var::a, 1U, one, other}};
    graph[on_first ? one : other].end = Branch{Cond::eq, Var::x, 1U, read, kNoMatch};
    graph[on_first ? other : one].end = Jump{read};
    graph[read] = {.ops = ops({kPastX}), .end = match_if(1)};
    EXPECT_EQ(count(scrubbed(graph), "scrub X; A = u8[X+2]"), 1U);
  }
}

TEST(ScrubBounds, FollowsWhatIsMadeOfAComparedValue) {
  Graph graph;
  const auto blocks = add_blocks<2>(graph);
  const BlockId start = blocks[0];  // clang 14 captures no structured bindings
  const BlockId read = blocks[1];
  graph[start] = {.ops = ops({kByte}), .end = Branch{Cond::eq, Var::a, 9U, read, kNoMatch}};
  const auto with = [&](std::initializer_list<decltype(Op::what)> what) {
    graph[read] = {.ops = ops(what), .end = match_if(1)};
    return count(scrubbed(graph), "scrub X; A = u8[X+2]");
  };
  EXPECT_EQ(with({Copy{Var::x, Var::a}, kPastX}), 1U);
  EXPECT_EQ(with({Compute{Alu::add, Var::a, 1U}, Copy{Var::x, Var::a}, kPastX}), 1U);
  EXPECT_EQ(with({Compute{Alu::add, Var::x, Var::a}, kPastX}), 1U);
  // Once is enough, and a new value was never compared.
  EXPECT_EQ(with({Copy{Var::x, Var::a}, kPastX, kPastX}), 1U);
  EXPECT_EQ(with({kByte, Copy{Var::x, Var::a}, kPastX}), 0U);
  EXPECT_EQ(with({Constant{Var::x, 4}, kPastX}), 0U);
}

}  // namespace
}  // namespace xdpcap::test
