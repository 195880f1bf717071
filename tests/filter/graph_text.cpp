// SPDX-License-Identifier: BSD-3-Clause
#include "filter/graph_text.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

namespace xdpcap::test {
namespace {

using namespace ir;

std::string number(std::uint32_t value) {
  if (value < 256) return std::to_string(value);
  std::array<char, 16> text{};
  (void)std::snprintf(text.data(), text.size(), "0x%x", value);
  return text.data();
}

std::string name(Var var) {
  if (var == Var::a) return "A";
  if (var == Var::x) return "X";
  if (var == Var::cursor) return "cursor";
  return "M" + std::to_string(static_cast<int>(var) - static_cast<int>(Var::m0));
}

std::string name(const Operand& operand) {
  if (const auto* var = std::get_if<Var>(&operand)) return name(*var);
  return number(std::get<std::uint32_t>(operand));
}

std::string sign(Alu op) {
  switch (op) {
    case Alu::add:
      return " += ";
    case Alu::sub:
      return " -= ";
    case Alu::bit_and:
      return " &= ";
    case Alu::bit_or:
      return " |= ";
    case Alu::lsh:
      return " <<= ";
    case Alu::rsh:
      return " >>= ";
    case Alu::div:
      return " /= ";
    default:
      return " op" + std::to_string(static_cast<int>(op)) + "= ";
  }
}

std::string sign(Cond cond) {
  switch (cond) {
    case Cond::eq:
      return " == ";
    case Cond::ne:
      return " != ";
    case Cond::set:
      return " & ";
    case Cond::gt:
      return " > ";
    case Cond::ge:
      return " >= ";
    default:
      return " cond" + std::to_string(static_cast<int>(cond)) + " ";
  }
}

std::string place(const Load& load) {
  if (load.base == Base::packet) return "[" + std::to_string(load.offset) + "]";
  const std::string base = load.base == Base::x ? "X" : "cursor";
  return "[" + base + (load.offset < 0 ? "" : "+") + std::to_string(load.offset) + "]";
}

struct OpText {
  std::string operator()(const Constant& op) const {
    return name(op.to) + " = " + number(op.value);
  }
  std::string operator()(const Copy& op) const { return name(op.to) + " = " + name(op.from); }
  std::string operator()(const Length& op) const { return name(op.to) + " = len"; }
  std::string operator()(const Load& op) const {
    const std::string bytes = (op.network_order ? "raw u" : "u") + std::to_string(8 * op.bytes);
    return (op.discard ? "skip " : name(op.to) + " = ") + bytes + place(op);
  }
  std::string operator()(const Compute& op) const {
    return name(op.to) + sign(op.op) + name(op.operand);
  }
  std::string operator()(const Guard& op) const {
    return (op.base == Base::packet ? "need " : "need X+") + number(op.end) +
           (op.reached == 0 ? "" : " after " + std::to_string(op.reached)) +
           (op.bound_x ? " of a bounded X" : "");
  }
  std::string operator()(const Scrub& op) const { return "scrub " + name(op.var); }
};

}  // namespace

std::vector<Op> ops(std::initializer_list<decltype(Op::what)> what) {
  std::vector<Op> all;
  for (const auto& one : what) all.push_back({one, 0});
  return all;
}

std::string to_text(const Graph& graph) {
  const std::vector<BlockId> order = reverse_postorder(graph);
  ByBlock<std::string> names(graph);
  for (std::size_t i = 0; i < order.size(); ++i) names[order[i]] = std::to_string(i);
  names[kMatch] = "match";
  names[kNoMatch] = "no_match";
  if (order.empty()) return names[graph.entry];
  std::string text;
  for (const BlockId id : order) {
    const Block& block = graph[id];
    text += names[id] + ": ";
    for (const Op& op : block.ops) text += std::visit(OpText{}, op.what) + "; ";
    if (const auto* branch = std::get_if<Branch>(&block.end)) {
      text += "if " + name(branch->left) + sign(branch->cond) + name(branch->right) + " then " +
              names[branch->yes] + " else " + names[branch->no];
    } else {
      const bool loop = std::holds_alternative<LoopBack>(block.end);
      text += (loop ? "loop to " : "go to ") + names[successors(block)[0]];
    }
    text += "\n";
  }
  return text;
}

}  // namespace xdpcap::test
