// SPDX-License-Identifier: BSD-3-Clause
// Where the variables of a filter live while it runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "filter/assembler.hpp"
#include "filter/ir.hpp"

namespace xdpcap::ir {

// StackSlot is an offset from R10.
struct StackSlot {
  std::int16_t offset;
};
using Place = std::variant<ebpf::Reg, StackSlot>;

// StackFrame divides the filter's part of the stack, from R10 + top downwards, into slots of eight
// bytes. Words lie in the upper half of theirs: the verifier tracks a register that is spilled to a
// slot's start, and so would tell apart states that differ in nothing but a number in scratch
// memory.
class StackFrame {
 public:
  // `top` is a multiple of 8.
  explicit StackFrame(std::int16_t top) : top_(top) {}

  [[nodiscard]] StackSlot scratch(Var var) const;
  [[nodiscard]] StackSlot scrub() const;  // where a register goes to be forgotten (ir::Forget)
  [[nodiscard]] StackSlot jump_budget() const;  // jumps backwards that are left; all eight bytes
  [[nodiscard]] StackSlot buffer() const;       // where bpf_xdp_load_bytes() puts four bytes

 private:
  [[nodiscard]] std::int16_t slot(int index) const;
  std::int16_t top_;
};

// Registers says where each variable of one graph lives.
class Registers {
 public:
  // For a filter that reads the packet through its pointers. The cursor shares the register of X
  // where it can.
  static Registers direct(const Graph& graph, StackFrame frame);
  // For a filter that reads the packet through a helper, which spares R6 to R9 only.
  static Registers through_helper(StackFrame frame);

  [[nodiscard]] Place of(Var var) const { return places_[static_cast<std::size_t>(var)]; }
  // Of A, X and the cursor, which are never on the stack.
  [[nodiscard]] ebpf::Reg reg(Var var) const { return std::get<ebpf::Reg>(of(var)); }

 private:
  Registers(ebpf::Reg a, ebpf::Reg x, StackFrame frame);
  Place& at(Var var) { return places_[static_cast<std::size_t>(var)]; }

  std::array<Place, kVars> places_;
};

}  // namespace xdpcap::ir
