// SPDX-License-Identifier: BSD-3-Clause
#include "filter/registers.hpp"

#include <algorithm>
#include <cstddef>

namespace xdpcap::ir {
namespace {

using ebpf::Reg;

constexpr int kScrubSlot = kCbpfScratchWords;
constexpr int kBudgetSlot = kScrubSlot + 1;
constexpr int kBufferSlot = kBudgetSlot + 1;

// Whether the live ranges of the two interfere, so that they cannot share a register.
bool alive_at_once(const Graph& graph, Var one, Var other) {
  const ByBlock<VarSet> live = live_at_start(graph);
  return std::ranges::any_of(reverse_postorder(graph), [&](BlockId id) {
    VarSet now = live_at_end(graph[id], live);
    for (const Op& op : reversed(graph[id].ops)) {
      const VarSet defined = defines(op);
      if ((defined.has(one) && now.has(other)) || (defined.has(other) && now.has(one))) return true;
      now = (now - defined) | uses(op);
    }
    return false;
  });
}

}  // namespace

std::int16_t StackFrame::slot(int index) const {
  return static_cast<std::int16_t>(top_ - 8 * (index + 1));
}
StackSlot StackFrame::scratch(Var var) const {
  const int index = static_cast<int>(var) - static_cast<int>(Var::m0);
  return {static_cast<std::int16_t>(slot(index) + 4)};
}
StackSlot StackFrame::scrub() const {
  return {static_cast<std::int16_t>(slot(kScrubSlot) + 4)};
}
StackSlot StackFrame::jump_budget() const {
  return {slot(kBudgetSlot)};
}
StackSlot StackFrame::buffer() const {
  return {slot(kBufferSlot)};
}

Registers::Registers(Reg a, Reg x, StackFrame frame) : places_{} {
  for (std::uint32_t i = 0; i < kCbpfScratchWords; ++i) at(scratch(i)) = frame.scratch(scratch(i));
  at(Var::a) = a;
  at(Var::x) = x;
  at(Var::cursor) = x;
}

Registers Registers::direct(const Graph& graph, StackFrame frame) {
  Registers registers(Reg::r0, Reg::r1, frame);
  if (alive_at_once(graph, Var::cursor, Var::x)) registers.at(Var::cursor) = Reg::r3;
  return registers;
}

Registers Registers::through_helper(StackFrame frame) {
  return {Reg::r8, Reg::r7, frame};
}

}  // namespace xdpcap::ir
