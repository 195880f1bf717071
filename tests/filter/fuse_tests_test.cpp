// SPDX-License-Identifier: BSD-3-Clause
// fuse_tests() on small graphs.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "filter/graph_text.hpp"
#include "filter/passes.hpp"

namespace xdpcap::test {
namespace {

using namespace ir;

Load load(std::uint8_t bytes, std::int32_t offset, Base base = Base::packet) {
  return {.base = base, .offset = offset, .bytes = bytes};
}

// One of two tests, with the mask or without.
struct TestOf {
  std::vector<Op> ops;
  Cond cond;
  std::uint32_t value;
};

TestOf equal(const Load& load, std::uint32_t value) {
  return {ops({load}), Cond::eq, value};
}
TestOf masked(const Load& load, std::uint32_t mask, std::uint32_t value) {
  return {ops({load, Compute{Alu::bit_and, Var::a, mask}}), Cond::eq, value};
}
TestOf any_of(const Load& load, std::uint32_t bits) {
  return {ops({load}), Cond::set, bits};
}

// Matches when both tests pass: their values are equal, or none of the bits are set.
std::string fused(TestOf first, TestOf second, BlockId fail = kNoMatch) {
  Graph graph;
  const auto [one, two] = add_blocks<2>(graph);
  const auto branch = [&](const TestOf& test, BlockId pass) {
    return test.cond == Cond::set ? Branch{test.cond, Var::a, test.value, fail, pass}
                                  : Branch{test.cond, Var::a, test.value, pass, fail};
  };
  const BlockId pass = fail == kNoMatch ? kMatch : kNoMatch;
  graph[one] = {.ops = std::move(first.ops), .end = branch(first, two)};
  graph[two] = {.ops = std::move(second.ops), .end = branch(second, pass)};
  const std::string before = to_text(graph);
  fuse_tests(graph);
  const std::string after = to_text(graph);
  return after == before ? "as before" : after;
}

TEST(FuseTests, MakesOneOfNeighbours) {
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 13), 2)),
            "0: A = u16[12]; if A == 0x102 then match else no_match\n");
  EXPECT_EQ(fused(equal(load(2, 14), 0x0304), equal(load(2, 12), 0x0102)),
            "0: A = u32[12]; if A == 0x1020304 then match else no_match\n");
  EXPECT_EQ(fused(equal(load(1, 4, Base::x), 1), equal(load(1, 5, Base::x), 2)),
            "0: A = u16[X+4]; if A == 0x102 then match else no_match\n");
}

TEST(FuseTests, LeavesOutBytesBetweenAndBefore) {
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 15), 2)),
            "0: A = u32[12]; A &= 0xff0000ff; if A == 0x1000002 then match else no_match\n");
  // Three bytes are four of which the first says nothing.
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(2, 13), 2)),
            "0: A = u32[11]; A &= 0xffffff; if A == 0x10002 then match else no_match\n");
}

TEST(FuseTests, KeepsMasks) {
  EXPECT_EQ(fused(masked(load(1, 12), 0xF0, 0x40), equal(load(1, 13), 2)),
            "0: A = u16[12]; A &= 0xf0ff; if A == 0x4002 then match else no_match\n");
  EXPECT_EQ(fused(any_of(load(1, 12), 0x1F), any_of(load(1, 13), 0xFF)),
            "0: A = u16[12]; if A & 0x1fff then no_match else match\n");
  EXPECT_EQ(fused(any_of(load(2, 12), 0x1FFF), equal(load(1, 14), 17)),
            "0: A = u32[11]; A &= 0x1fffff; if A == 17 then match else no_match\n");
}

TEST(FuseTests, LeavesWhatIsTooFarApart) {
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 16), 2)), "as before");
  EXPECT_EQ(fused(equal(load(4, 12), 1), equal(load(1, 16), 2)), "as before");
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 12, Base::x), 2)), "as before");
}

// Three bytes at the packet's start have no fourth before them.
TEST(FuseTests, ReadsNothingBeforeThePacket) {
  EXPECT_EQ(fused(equal(load(2, 0), 1), equal(load(1, 2), 2)), "as before");
  EXPECT_EQ(fused(equal(load(2, 1), 1), equal(load(1, 3), 2)),
            "0: A = u32[0]; A &= 0xffffff; if A == 0x102 then match else no_match\n");
}

TEST(FuseTests, LeavesValuesThatContradictOneAnother) {
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 12), 2)), "as before");
  EXPECT_EQ(fused(equal(load(2, 12), 0x0101), equal(load(2, 13), 0x0201)), "as before");
  EXPECT_EQ(fused(masked(load(1, 12), 0x0F, 1), masked(load(1, 12), 0xF0, 0x20)),
            "0: A = u8[12]; if A == 33 then match else no_match\n");
}

// A value with bits outside of the mask or of the bytes is equal to nothing.
TEST(FuseTests, LeavesTestsThatNothingPasses) {
  EXPECT_EQ(fused(equal(load(1, 12), 0x101), equal(load(1, 13), 2)), "as before");
  EXPECT_EQ(fused(equal(load(1, 12), 1), masked(load(1, 13), 0x0F, 0x10)), "as before");
}

// Where the first test's failure is a match, a packet that ends before the second value matches.
TEST(FuseTests, LeavesShortPacketsTheirWay) {
  EXPECT_EQ(fused(equal(load(1, 12), 1), equal(load(1, 13), 2), kMatch), "as before");
  EXPECT_EQ(fused(equal(load(1, 13), 1), equal(load(1, 12), 2), kMatch),
            "0: A = u16[12]; if A == 0x201 then no_match else match\n");
}

TEST(FuseTests, LeavesAValueThatIsReadLater) {
  for (const bool after_failure : {false, true}) {
    Graph graph;
    const auto [one, two, reads] = add_blocks<3>(graph);
    const BlockId pass = after_failure ? kMatch : reads;
    const BlockId fail = after_failure ? reads : kNoMatch;
    graph[one] = {.ops = ops({load(1, 13)}), .end = Branch{Cond::eq, Var::a, 1U, two, fail}};
    graph[two] = {.ops = ops({load(1, 12)}), .end = Branch{Cond::eq, Var::a, 1U, pass, fail}};
    graph[reads] = {.ops = ops({Compute{Alu::sub, Var::a, 1U}}),
                    .end = Branch{Cond::ne, Var::a, 0U, kMatch, kNoMatch}};
    const std::string before = to_text(graph);
    fuse_tests(graph);
    EXPECT_EQ(to_text(graph), before) << after_failure;
  }
}

TEST(FuseTests, LeavesATestThatDoesMoreOrFailsElsewhere) {
  const TestOf with_more{ops({Constant{Var::x, 3}, load(1, 13)}), Cond::eq, 2};
  EXPECT_EQ(fused(equal(load(1, 12), 1), with_more), "as before");
  EXPECT_EQ(fused(equal(load(1, 12), 1), {ops({load(1, 13)}), Cond::gt, 2}), "as before");
  const Load next = load(1, 13);
  for (const Compute& compute :
       {Compute{Alu::bit_or, Var::a, 2U}, Compute{Alu::bit_and, Var::x, 2U},
        Compute{Alu::bit_and, Var::a, Var::x}}) {
    EXPECT_EQ(fused(equal(load(1, 12), 1), {ops({next, compute}), Cond::eq, 2}), "as before");
  }
  // What is loaded is not what is tested.
  Load to_x = load(1, 13);
  to_x.to = Var::x;
  EXPECT_EQ(fused(equal(load(1, 12), 1), {ops({to_x}), Cond::eq, 2}), "as before");

  Graph graph;
  const auto [one, two] = add_blocks<2>(graph);
  graph[one] = {.ops = ops({load(1, 12)}), .end = Branch{Cond::eq, Var::a, 1U, two, kNoMatch}};
  graph[two] = {.ops = ops({load(1, 13)}), .end = Branch{Cond::eq, Var::a, 2U, kNoMatch, kMatch}};
  const std::string before = to_text(graph);
  fuse_tests(graph);
  EXPECT_EQ(to_text(graph), before);
  // ... but "not equal" is a test that fails where it holds.
  graph[two].end = Branch{Cond::ne, Var::a, 2U, kNoMatch, kMatch};
  fuse_tests(graph);
  EXPECT_EQ(to_text(graph), "0: A = u16[12]; if A == 0x102 then match else no_match\n");
}

// What is before the first test stays, and more than two are fused one after the other.
TEST(FuseTests, GoesOnWithTheNext) {
  Graph graph;
  const auto [one, two, three] = add_blocks<3>(graph);
  graph[one] = {.ops = ops({Constant{Var::x, 1}, load(1, 12)}),
                .end = Branch{Cond::eq, Var::a, 1U, two, kNoMatch}};
  graph[two] = {.ops = ops({load(1, 13)}), .end = Branch{Cond::eq, Var::a, 2U, three, kNoMatch}};
  graph[three] = {.ops = ops({load(2, 14)}), .end = match_if(3)};
  fuse_tests(graph);
  EXPECT_EQ(to_text(graph), "0: X = 1; A = u32[12]; if A == 0x1020003 then match else no_match\n");
}

}  // namespace
}  // namespace xdpcap::test
