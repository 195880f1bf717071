// SPDX-License-Identifier: BSD-3-Clause
// Follows packets of XDP_PASS through the network stack (fate/stack.bpf.c).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/mapping.hpp"
#include "fate/stack.h"
#include "fate/tracing_object.hpp"
#include "recorder/record.h"
#include "ring/rings.hpp"

namespace xdpcap {

class StackTracer {
 public:
  // `last_fd`: the map of struct xdpcap_last that recorders fill in. Throws Error.
  StackTracer(const Rings& rings, std::uint32_t cpus, int last_fd);

  // Completes the fate of the cursor's block, if it is passed and something was reported. What is
  // reported later counts as late.
  void complete(xdpcap_fate& fate, const RingCursor& cursor) {
    const std::uint64_t word =
        slot_of(cursor).fetch_or(XDPCAP_STACK_TAKEN, std::memory_order_acq_rel);
    constexpr std::uint64_t kPacketMask = ~std::uint64_t{0} >> XDPCAP_STACK_PACKET_BITS;
    const std::uint64_t packet =
        ((cursor.position() >> XDPCAP_STACK_GRANULE_BITS) + 1) & kPacketMask;
    if (word >> XDPCAP_STACK_PACKET_BITS == packet) complete(fate, word);
  }

  // The number of reports that came after their packets had been written.
  [[nodiscard]] std::uint64_t late() const { return object_.counter(); }
  // The maps that the functions above read.
  [[nodiscard]] std::vector<int> descriptors() const;

 private:
  [[nodiscard]] std::atomic_ref<std::uint64_t> slot_of(const RingCursor& cursor) const {
    const std::uint64_t block = cursor.position() >> XDPCAP_STACK_GRANULE_BITS;
    const std::size_t at =
        std::size_t{cursor.cpu()} * slots_per_cpu_ + (block & (slots_per_cpu_ - 1));
    return std::atomic_ref(reinterpret_cast<std::uint64_t*>(memory_.at(0))[at]);
  }
  void complete(xdpcap_fate& fate, std::uint64_t word);
  std::uint32_t network_of(std::uint32_t ingress);

  std::uint32_t slots_per_cpu_;
  TracingObject object_;
  Mapping memory_;
  std::map<std::uint32_t, std::uint32_t> networks_;  // by interface
};

}  // namespace xdpcap
