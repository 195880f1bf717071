// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

// Test is a block's last load and its branch: go to `pass` if (bytes & mask) == value, else to
// `fail`.
struct Test {
  Load load;
  std::uint32_t mask;
  std::uint32_t value;
  BlockId pass;
  BlockId fail;
  std::size_t ops;  // the number of the block's operations that belong to it
};

std::uint32_t all_bits(unsigned bytes) {
  return 0xFFFFFFFFU >> (32 - 8 * bytes);
}

// Fills in the branch's part of `test`; load and mask are there already.
bool read_branch(const Branch& branch, Test& test) {
  const auto* constant = std::get_if<std::uint32_t>(&branch.right);
  if (constant == nullptr || branch.left != Var::a) return false;
  switch (branch.cond) {
    case Cond::eq:
      test.value = *constant;
      test.pass = branch.yes;
      test.fail = branch.no;
      break;
    case Cond::ne:
      test.value = *constant;
      test.pass = branch.no;
      test.fail = branch.yes;
      break;
    case Cond::set:
      test.value = 0;
      test.mask &= *constant;
      test.pass = branch.no;
      test.fail = branch.yes;
      break;
    default:
      return false;
  }
  return (test.value & ~test.mask) == 0;
}

// The test at the block's end, if it ends in: A = load; optionally A &= mask; branch on A and a
// constant.
std::optional<Test> read_test(const Block& block) {
  const auto* branch = std::get_if<Branch>(&block.end);
  if (branch == nullptr || block.ops.empty()) return std::nullopt;
  Test test{};
  test.mask = 0xFFFFFFFF;
  auto op = block.ops.rbegin();
  if (const auto* compute = std::get_if<Compute>(&op->what)) {
    const auto* mask = std::get_if<std::uint32_t>(&compute->operand);
    if (compute->op != Alu::bit_and || compute->to != Var::a || mask == nullptr)
      return std::nullopt;
    test.mask = *mask;
    if (++op == block.ops.rend()) return std::nullopt;
  }
  const auto* load = std::get_if<Load>(&op->what);
  if (load == nullptr || load->to != Var::a || load->discard) return std::nullopt;
  test.load = *load;
  test.mask &= all_bits(load->bytes);
  test.ops = static_cast<std::size_t>(op - block.ops.rbegin()) + 1;
  if (!read_branch(*branch, test)) return std::nullopt;
  return test;
}

// `first` and `second`, which follows it on its `pass` edge, as one test.
std::optional<Test> fuse(const Test& first, const Test& second) {
  if (first.load.base != second.load.base || first.fail != second.fail) return std::nullopt;
  const std::uint32_t end = std::max(first.load.end(), second.load.end());
  const auto start = static_cast<std::uint32_t>(std::min(first.load.offset, second.load.offset));
  const std::uint32_t bytes = end - start == 3 ? 4 : end - start;
  if (bytes > 4 || bytes > end) return std::nullopt;
  // A packet that has the first test's bytes only has to go where that test sends it.
  if (end > first.load.end() && first.fail != kNoMatch) return std::nullopt;

  const std::uint32_t first_shift = 8 * (end - first.load.end());
  const std::uint32_t second_shift = 8 * (end - second.load.end());
  const std::uint32_t both = (first.mask << first_shift) & (second.mask << second_shift);
  const std::uint32_t first_value = first.value << first_shift;
  const std::uint32_t second_value = second.value << second_shift;
  if (((first_value ^ second_value) & both) != 0) return std::nullopt;

  Test fused = second;
  fused.load.offset = static_cast<std::int32_t>(end - bytes);
  fused.load.bytes = static_cast<std::uint8_t>(bytes);
  fused.mask = (first.mask << first_shift) | (second.mask << second_shift);
  fused.value = first_value | second_value;
  return fused;
}

void replace_test(Block& block, std::size_t ops, const Test& test) {
  const std::size_t source = block.ops[block.ops.size() - ops].source;
  block.ops.erase(block.ops.end() - static_cast<std::ptrdiff_t>(ops), block.ops.end());
  block.ops.push_back({test.load, source});
  if (test.mask == all_bits(test.load.bytes)) {
    block.end = Branch{Cond::eq, Var::a, test.value, test.pass, test.fail};
  } else if (test.value == 0) {
    block.end = Branch{Cond::set, Var::a, test.mask, test.fail, test.pass};
  } else {
    block.ops.push_back({Compute{Alu::bit_and, Var::a, test.mask}, source});
    block.end = Branch{Cond::eq, Var::a, test.value, test.pass, test.fail};
  }
}

// One step; true if it fused two tests.
bool fuse_with_next(Graph& graph, BlockId id, const ByBlock<std::size_t>& predecessors,
                    const ByBlock<VarSet>& live) {
  const std::optional<Test> first = read_test(graph[id]);
  if (!first || predecessors[first->pass] != 1) return false;
  const Block& next = graph[first->pass];
  const std::optional<Test> second = read_test(next);
  if (!second || second->ops != next.ops.size()) return false;
  // The fused load changes A, so A must not be read afterwards.
  if (live[second->pass].has(Var::a) || live[second->fail].has(Var::a)) return false;
  const std::optional<Test> fused = fuse(*first, *second);
  if (fused) replace_test(graph[id], first->ops, *fused);
  return fused.has_value();
}

}  // namespace

void fuse_tests(Graph& graph) {
  const ByBlock<std::size_t> predecessors = count_predecessors(graph);
  const ByBlock<VarSet> live = live_at_start(graph);
  for (const BlockId id : reverse_postorder(graph)) {
    while (fuse_with_next(graph, id, predecessors, live)) {
    }
  }
}

}  // namespace xdpcap::ir
