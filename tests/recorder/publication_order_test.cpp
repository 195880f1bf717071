// SPDX-License-Identifier: BSD-3-Clause
// Tries all orders in which a CPU that reorders stores may make those of a recorder visible to the
// reader, with the reader's loads at all moments. An emulator on a machine with a stronger memory
// model cannot do that. The stores are those of the emitted program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "recorder/made_recorder.hpp"
#include "recorder/record.h"

namespace xdpcap {
namespace {

enum class Place { busy, block, head };

struct Store {
  Place place;
  int value;              // busy: how many marks; others: the packet's number
  int packet;             // 1 or 2
  bool exchange = false;  // a full barrier, as BPF_XCHG is on every CPU
};

ebpf::Program make(bool ordered_stores) {
  RecorderSpec with = test::spec();
  with.ordered_stores = ordered_stores;
  return test::make(with, "");
}

// What the program stores into its ring for one packet, in program order; a block is one store.
std::vector<Store> stores_of(const ebpf::Program& program, int packet) {
  std::vector<Store> stores;
  int constant = 0;  // the last that was put into a register
  for (const bpf_insn& insn : program.code) {
    const int kind = BPF_CLASS(insn.code);
    if (insn.code == (BPF_ALU64 | BPF_MOV | BPF_K)) constant = insn.imm;
    if ((kind != BPF_ST && kind != BPF_STX) || insn.dst_reg > BPF_REG_1) continue;
    const bool atomic = BPF_MODE(insn.code) == BPF_XADD;
    const bool exchange = atomic && insn.imm != BPF_ADD;
    if (atomic && insn.off == offsetof(xdpcap_ring, busy)) {
      stores.push_back({Place::busy, constant > 0 ? 1 : 0, packet, exchange});
      if (constant < 0) break;  // what follows is for packets that could not be copied
    } else if (insn.off == offsetof(xdpcap_ring, head)) {
      stores.push_back({Place::head, packet, packet, exchange});
    } else if (stores.back().place != Place::block) {
      stores.push_back({Place::block, packet, packet, exchange});
    }
  }
  return stores;
}

// Whether a CPU has to show `first`, which is earlier in the program, before `second`: if they go
// to the same memory, or one is an exchange.
bool in_order(const Store& first, const Store& second) {
  const bool same = first.place == second.place && first.place != Place::block;
  return same || first.exchange || second.exchange;
}

// The value of a place once the first `shown` stores are to be seen.
int value_at(const std::vector<Store>& order, std::size_t shown, Place place) {
  int value = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    if (order[i].place == place) value = order[i].value;
  }
  return value;
}

bool is_complete(const std::vector<Store>& order, std::size_t shown, int packet) {
  return std::any_of(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown),
                     [packet](const Store& store) {
                       return store.place == Place::block && store.packet == packet;
                     });
}

// RingCursor::refresh() and what follows, at three moments: busy, then head, then the blocks.
int mistakes_in(const std::vector<Store>& order) {
  int mistakes = 0;
  for (std::size_t busy_at = 0; busy_at <= order.size(); ++busy_at) {
    int marked = 0;  // the last packet whose mark could be seen
    for (std::size_t i = 0; i < busy_at; ++i) {
      if (order[i].place == Place::busy) marked = order[i].packet;
    }
    for (std::size_t head_at = busy_at; head_at <= order.size(); ++head_at) {
      const int head = value_at(order, head_at, Place::head);
      // Blocks before a visible head are complete...
      for (int packet = 1; packet <= head; ++packet) {
        if (!is_complete(order, head_at, packet)) ++mistakes;
      }
      // ... and when a mark has gone, its packet is there.
      if (value_at(order, busy_at, Place::busy) == 0 && head < marked) ++mistakes;
    }
  }
  return mistakes;
}

struct Result {
  int orders = 0;
  int mistakes = 0;
};

// Appends to `order` each of the `left` that may come next, until none is left.
template <class InOrder>
void try_orders(const std::vector<Store>& left, std::vector<Store>& order, InOrder in_order,
                Result& result) {
  if (left.empty()) {
    ++result.orders;
    result.mistakes += mistakes_in(order);
  }
  for (std::size_t i = 0; i < left.size(); ++i) {
    const auto waits_for = [&](const Store& earlier) { return in_order(earlier, left[i]); };
    const auto here = left.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::any_of(left.begin(), here, waits_for)) continue;
    std::vector<Store> rest = left;
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
    order.push_back(left[i]);
    try_orders(rest, order, in_order, result);
    order.pop_back();
  }
}

// Of two packets, one after the other.
template <class InOrder>
Result try_all(bool ordered_stores, InOrder in_order) {
  const ebpf::Program program = make(ordered_stores);
  std::vector<Store> stores = stores_of(program, 1);
  EXPECT_EQ(stores.size(), 4U);  // busy, block, head, busy
  for (const Store& store : stores_of(program, 2)) stores.push_back(store);
  Result result;
  std::vector<Store> order;
  try_orders(stores, order, in_order, result);
  return result;
}

TEST(PublicationOrder, HoldsWithAnExchangeWhateverTheCpuReorders) {
  const Result result = try_all(false, in_order);
  EXPECT_GT(result.orders, 1);
  EXPECT_EQ(result.mistakes, 0);
}

TEST(PublicationOrder, HoldsWithPlainStoresThatAreShownInOrder) {
  const Result result = try_all(true, [](const Store&, const Store&) { return true; });
  EXPECT_EQ(result.orders, 1);
  EXPECT_EQ(result.mistakes, 0);
}

TEST(PublicationOrder, NeedsTheExchangeWhereStoresAreReordered) {
  EXPECT_GT(try_all(true, in_order).mistakes, 0);
}

}  // namespace
}  // namespace xdpcap
