// SPDX-License-Identifier: BSD-3-Clause
#include "filter/registers.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <vector>

namespace xdpcap::ir {
namespace {

using ebpf::Reg;

constexpr int kLaundrySlot = kCbpfScratchWords;
constexpr int kFuelSlot = kLaundrySlot + 1;
constexpr int kBufferSlot = kFuelSlot + 1;

std::array<Var, kVars> all_vars() {
  std::array<Var, kVars> vars{};
  for (std::size_t i = 0; i < kVars; ++i) vars[i] = static_cast<Var>(i);
  return vars;
}
bool is_scratch(Var var) {
  return var >= Var::m0 && var < Var::cursor;
}

// Interference says which variables are ever alive at once, and how often each is named.
class Interference {
 public:
  explicit Interference(const Graph& graph) {
    const ByBlock<VarSet> live = live_at_start(graph);
    for (const BlockId id : reverse_postorder(graph)) {
      VarSet now = live_at_end(graph[id], live);
      count(uses(graph[id]));
      for (const Op& op : reversed(graph[id].ops)) {
        count(defines(op) | uses(op));
        for (const Var var : all_vars()) {
          if (defines(op).has(var)) add(var, now - VarSet{var});
        }
        now = (now - defines(op)) | uses(op);
      }
    }
  }

  [[nodiscard]] bool between(Var one, Var other) const {
    return at(one).has(other) || at(other).has(one);
  }
  [[nodiscard]] std::size_t named(Var var) const { return named_[static_cast<std::size_t>(var)]; }

 private:
  void count(VarSet vars) {
    for (const Var var : all_vars()) named_[static_cast<std::size_t>(var)] += vars.has(var) ? 1 : 0;
  }
  void add(Var var, VarSet others) {
    VarSet& set = with_[static_cast<std::size_t>(var)];
    set = set | others;
  }
  [[nodiscard]] VarSet at(Var var) const { return with_[static_cast<std::size_t>(var)]; }

  std::array<VarSet, kVars> with_{};
  std::array<std::size_t, kVars> named_{};
};

}  // namespace

std::int16_t StackFrame::slot(int index) const {
  return static_cast<std::int16_t>(top_ - 8 * (index + 1));
}
StackSlot StackFrame::scratch(Var var) const {
  const int index = static_cast<int>(var) - static_cast<int>(Var::m0);
  return {static_cast<std::int16_t>(slot(index) + 4)};
}
StackSlot StackFrame::laundry() const {
  return {static_cast<std::int16_t>(slot(kLaundrySlot) + 4)};
}
StackSlot StackFrame::fuel() const {
  return {slot(kFuelSlot)};
}
StackSlot StackFrame::buffer() const {
  return {slot(kBufferSlot)};
}

Registers::Registers(Reg a, Reg x, StackFrame frame) : places_{} {
  for (const Var var : all_vars()) {
    if (is_scratch(var)) at(var) = frame.scratch(var);
  }
  at(Var::a) = a;
  at(Var::x) = x;
  at(Var::cursor) = x;
}

Registers Registers::direct(const Graph& graph, StackFrame frame) {
  Registers registers(Reg::r0, Reg::r1, frame);
  const Interference interference(graph);
  std::vector<Reg> free = {Reg::r4};
  if (!graph.has_loops) free.push_back(Reg::r5);
  if (interference.between(Var::cursor, Var::x)) {
    registers.at(Var::cursor) = Reg::r3;
  } else {
    free.push_back(Reg::r3);
  }

  std::vector<Var> words;
  for (const Var var : all_vars()) {
    if (is_scratch(var) && interference.named(var) != 0) words.push_back(var);
  }
  std::ranges::stable_sort(words, std::greater{}, [&](Var var) { return interference.named(var); });
  std::vector<Var> placed;
  for (const Var word : words) {
    const auto suits = [&](Reg reg) {
      return std::ranges::none_of(placed, [&](Var other) {
        return registers.reg(other) == reg && interference.between(word, other);
      });
    };
    const auto reg = std::ranges::find_if(free, suits);
    if (reg == free.end()) continue;
    registers.at(word) = *reg;
    placed.push_back(word);
  }
  return registers;
}

Registers Registers::through_helper(StackFrame frame) {
  return {Reg::r8, Reg::r7, frame};
}

}  // namespace xdpcap::ir
