// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <variant>
#include <vector>

#include "filter/passes.hpp"

namespace xdpcap::ir {
namespace {

// Webs partitions the definitions of A: definitions that reach a common use are in the same web,
// and all of a web is in one byte order. A disjoint-set forest.
class Webs {
 public:
  struct Web {
    bool host_order = false;      // some use needs the number
    std::uint8_t bytes = 0;       // the width of its loads; 0 if it has none
    std::uint32_t constants = 0;  // all constants assigned to it, ORed together
  };

  std::size_t add() {
    parents_.push_back(parents_.size());
    webs_.emplace_back();
    return parents_.size() - 1;
  }
  Web& of(std::size_t value) { return webs_[root(value)]; }
  void unite(std::size_t one, std::size_t other) {
    one = root(one);
    other = root(other);
    if (one == other) return;
    parents_[other] = one;
    add_bytes(webs_[one], webs_[other].bytes);
    webs_[one].host_order |= webs_[other].host_order;
    webs_[one].constants |= webs_[other].constants;
  }
  static void add_bytes(Web& web, std::uint8_t bytes) {
    if (web.bytes != 0 && bytes != 0 && web.bytes != bytes) web.host_order = true;
    web.bytes = std::max(web.bytes, bytes);
  }
  // The width of a web that is kept in network order; 0 for a web in host order.
  std::uint8_t network_bytes(std::size_t value) {
    const Web& web = of(value);
    const bool fits = web.bytes == 4 || (web.bytes == 2 && web.constants <= 0xFFFF);
    return !web.host_order && fits ? web.bytes : 0;
  }

 private:
  std::size_t root(std::size_t value) {
    while (parents_[value] != value) value = parents_[value] = parents_[parents_[value]];
    return value;
  }
  std::vector<std::size_t> parents_;
  std::vector<Web> webs_;
};

// Converts `value` between host and network order.
std::uint32_t swap(std::uint32_t value, std::uint8_t bytes) {
  const std::uint32_t swapped = __builtin_bswap32(value);
  return bytes == 2 ? swapped >> 16 : swapped;
}
std::uint32_t mask(std::uint32_t value, std::uint8_t bytes) {
  return bytes == 2 ? value & 0xFFFF : value;
}

bool is_bitwise(const Compute& compute) {
  const bool bits =
      compute.op == Alu::bit_and || compute.op == Alu::bit_or || compute.op == Alu::bit_xor;
  return bits && std::holds_alternative<std::uint32_t>(compute.operand);
}
bool tests_bits(const Branch& branch) {
  const bool test = branch.cond == Cond::eq || branch.cond == Cond::ne || branch.cond == Cond::set;
  return test && std::holds_alternative<std::uint32_t>(branch.right);
}

// Walks over every definition and use of A twice: first to find the webs, then to rewrite them.
// Both walks number the definitions alike.
class Walk {
 public:
  explicit Walk(Graph& graph)
      : graph_(graph),
        order_(reverse_postorder(graph)),
        live_(live_at_start(graph)),
        at_start_(graph) {
    for (const BlockId id : order_) at_start_[id] = webs_.add();
    first_ = webs_.add();  // for the exits, where A is never read
  }

  void find_webs() {
    for (const BlockId id : order_) {
      std::size_t value = at_start_[id];
      for (const Op& op : graph_[id].ops) value = note(op, value);
      note_end(graph_[id], value);
      for (const BlockId next : successors(graph_[id])) {
        if (live_[next].has(Var::a)) webs_.unite(value, at_start_[next]);
      }
    }
  }

  void rewrite() {
    std::size_t next_value = first_;
    for (const BlockId id : order_) {
      std::size_t value = at_start_[id];
      for (Op& op : graph_[id].ops) {
        if (makes_value(op)) value = ++next_value;
        rewrite(op, webs_.network_bytes(value));
      }
      auto* branch = std::get_if<Branch>(&graph_[id].end);
      if (branch != nullptr && branch->left == Var::a) {
        rewrite(*branch, webs_.network_bytes(value));
      }
    }
  }

 private:
  // Bitwise operations with a constant stay in the same web; every other definition of A starts a
  // new one.
  static bool makes_value(const Op& op) {
    const auto* compute = std::get_if<Compute>(&op.what);
    return defines(op).has(Var::a) && (compute == nullptr || !is_bitwise(*compute));
  }

  std::size_t note(const Op& op, std::size_t value) {
    const auto* compute = std::get_if<Compute>(&op.what);
    if (compute != nullptr && compute->to == Var::a && is_bitwise(*compute)) {
      if (compute->op != Alu::bit_and) {
        webs_.of(value).constants |= std::get<std::uint32_t>(compute->operand);
      }
      return value;
    }
    if (uses(op).has(Var::a)) webs_.of(value).host_order = true;
    if (!makes_value(op)) return value;
    value = webs_.add();
    if (const auto* load = std::get_if<Load>(&op.what)) {
      Webs::add_bytes(webs_.of(value), load->bytes);
    } else if (const auto* constant = std::get_if<Constant>(&op.what)) {
      webs_.of(value).constants |= constant->value;
    } else {
      webs_.of(value).host_order = true;
    }
    return value;
  }

  void note_end(const Block& block, std::size_t value) {
    const auto* branch = std::get_if<Branch>(&block.end);
    if (branch == nullptr || !uses_at_end(block).has(Var::a)) return;
    if (branch->left != Var::a || !tests_bits(*branch)) webs_.of(value).host_order = true;
  }

  static void rewrite(Op& op, std::uint8_t bytes) {
    if (bytes == 0) return;
    if (auto* load = std::get_if<Load>(&op.what); load != nullptr && load->to == Var::a) {
      load->network_order = !load->discard;
    } else if (auto* constant = std::get_if<Constant>(&op.what);
               constant != nullptr && constant->to == Var::a) {
      constant->value = swap(constant->value, bytes);
    } else if (auto* compute = std::get_if<Compute>(&op.what);
               compute != nullptr && compute->to == Var::a) {
      auto& operand = std::get<std::uint32_t>(compute->operand);
      operand = swap(mask(operand, bytes), bytes);
    }
  }

  // A constant too large for the loaded width never compares equal, swapped or not.
  static void rewrite(Branch& branch, std::uint8_t bytes) {
    if (bytes == 0) return;
    auto& right = std::get<std::uint32_t>(branch.right);
    if (branch.cond == Cond::set) right = mask(right, bytes);
    if (right == mask(right, bytes)) right = swap(right, bytes);
  }

  Graph& graph_;
  std::vector<BlockId> order_;
  ByBlock<VarSet> live_;
  Webs webs_;
  ByBlock<std::size_t> at_start_;
  std::size_t first_ = 0;
};

}  // namespace

void choose_byte_order(Graph& graph) {
  Walk walk(graph);
  walk.find_webs();
  walk.rewrite();
}

}  // namespace xdpcap::ir
