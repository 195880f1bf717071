// SPDX-License-Identifier: BSD-3-Clause
// A ring in ordinary memory, filled according to recorder/record.h.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "recorder/record.h"
#include "support/block.hpp"

namespace xdpcap::test {

class MadeRing {
 public:
  explicit MadeRing(std::size_t size)
      : size_(size), memory_((sizeof(xdpcap_ring) + size + XDPCAP_RING_OVERHANG) / 8) {}

  [[nodiscard]] std::byte* memory() { return reinterpret_cast<std::byte*>(memory_.data()); }
  [[nodiscard]] xdpcap_ring& ring() { return *reinterpret_cast<xdpcap_ring*>(memory_.data()); }

  // Returns false if there is no room. A reader may be reading concurrently.
  bool record(const BlockSpec& spec) {
    const MadeBlock block(spec);
    const std::size_t length = block.bytes().size();
    const std::uint64_t tail = std::atomic_ref(ring().tail).load(std::memory_order_acquire);
    if (ring().head + length - tail > size_) return false;
    const std::size_t offset = ring().head % size_;
    std::memcpy(memory() + sizeof(xdpcap_ring) + offset, block.bytes().data(), length);
    std::atomic_ref(ring().last).store(ring().head, std::memory_order_release);
    const bool lap_ends = offset + length >= size_;
    const std::uint64_t head = ring().head + (lap_ends ? size_ - offset : length);
    std::atomic_ref(ring().head).store(head, std::memory_order_release);
    return true;
  }

 private:
  std::size_t size_;
  std::vector<std::uint64_t> memory_;
};

}  // namespace xdpcap::test
