// SPDX-License-Identifier: BSD-3-Clause
// Register and stack allocation for the variables of a filter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "ebpf/assembler.hpp"
#include "filter/ir.hpp"

namespace xdpcap::ir {

// StackSlot is an offset from R10.
struct StackSlot {
  std::int16_t offset;
};
using Place = std::variant<ebpf::Reg, StackSlot>;

// StackFrame divides the filter's part of the stack, from R10 + top downwards, into slots of eight
// bytes. Words are in the upper half of their slot, because the verifier tracks a register spilled
// to a slot's start, and would then distinguish states that differ only in scratch memory.
class StackFrame {
 public:
  // `top` is a multiple of 8.
  explicit StackFrame(std::int16_t top) : top_(top) {}

  [[nodiscard]] StackSlot scratch(Var var) const;
  [[nodiscard]] StackSlot scrub() const;        // for ir::Scrub
  [[nodiscard]] StackSlot jump_budget() const;  // backward jumps left; all eight bytes
  [[nodiscard]] StackSlot buffer() const;       // four bytes, for bpf_xdp_load_bytes()

 private:
  [[nodiscard]] std::int16_t slot(int index) const;
  std::int16_t top_;
};

// Registers maps each variable of one graph to its register or stack slot.
class Registers {
 public:
  // For a filter that reads the packet through its pointers. The cursor shares X's register if
  // possible.
  static Registers direct(const Graph& graph, StackFrame frame);
  // For a filter that reads the packet through a helper, which preserves R6 to R9 only.
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
