// SPDX-License-Identifier: BSD-3-Clause
// The per-CPU rings that records come through (BPF_MAP_TYPE_RINGBUF, kernel/bpf/ringbuf.c), read in
// place. libbpf's ring_buffer calls a function and publishes a position for each record; here a
// cursor walks a ring freely and the positions are published once a batch.
#pragma once

#include <linux/bpf.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/unique_fd.hpp"
#include "kernel/mapping.hpp"
#include "recorder/record.h"

namespace xdpcap {

// The kernel's clock as recorders stamp it: CLOCK_MONOTONIC, in ns.
std::uint64_t monotonic_now();

inline std::uint64_t time_of(const xdpcap_record& record) {
  return (std::uint64_t{record.time_high} << 32U) | record.time_low;
}

// RingCursor walks the records of one ring, oldest first. A record is `ready`, or the cursor has
// `ended` (nothing is there yet), or it is neither: the kernel is still writing the next one.
class RingCursor {
 public:
  // Looks at how far the kernel has got. What it adds later is not seen until the next refresh().
  void refresh() {
    end_ = producer().load(std::memory_order_acquire);
    skip_discarded();
  }
  [[nodiscard]] bool ready() const { return header_ < kUnfinished; }
  [[nodiscard]] bool ended() const { return position_ == end_; }

  // Only while ready().
  [[nodiscard]] const xdpcap_record& record() const {
    return *reinterpret_cast<const xdpcap_record*>(address(position_) + BPF_RINGBUF_HDR_SZ);
  }
  [[nodiscard]] std::uint64_t time() const { return time_of(record()); }
  void next() {
    advance();
    skip_discarded();
  }

  // Gives the memory of everything the cursor has passed back to the kernel.
  void release() { consumer().store(position_, std::memory_order_release); }

  // Bytes that wait in the ring.
  [[nodiscard]] std::uint64_t waiting() const {
    return producer().load(std::memory_order_acquire) - position_;
  }

 private:
  friend class Rings;
  static constexpr std::uint32_t kUnfinished =
      BPF_RINGBUF_DISCARD_BIT;  // or busy: the bit above it
  static constexpr std::uint32_t kNone = BPF_RINGBUF_BUSY_BIT;

  RingCursor(int map_fd, std::size_t size);

  [[nodiscard]] std::atomic_ref<unsigned long> consumer() const {
    return std::atomic_ref(*reinterpret_cast<unsigned long*>(consumer_page_.at(0)));
  }
  [[nodiscard]] std::atomic_ref<unsigned long> producer() const {
    return std::atomic_ref(*reinterpret_cast<unsigned long*>(producer_page_.at(0)));
  }
  [[nodiscard]] std::byte* address(unsigned long position) const {
    return data_ + (position & mask_);
  }
  void read_header();
  void advance();
  void skip_discarded();

  Mapping consumer_page_;
  Mapping producer_page_;  // and behind it the data, mapped twice in a row: no record ever wraps
  std::byte* data_ = nullptr;
  unsigned long mask_ = 0;
  unsigned long position_ = 0;
  unsigned long end_ = 0;
  std::uint32_t header_ = kNone;
};

// Rings owns a ring for each online CPU, and the array in which recorders find them.
class Rings {
 public:
  // `bytes_per_cpu` is rounded up to what the kernel takes: whole pages, a power of two. CPUs that
  // come online later have no ring: what they match is counted as lost. Throws Error.
  Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
        std::uint64_t bytes_per_cpu);

  [[nodiscard]] int array_fd() const { return array_.get(); }
  [[nodiscard]] std::size_t bytes_per_cpu() const { return size_; }
  [[nodiscard]] std::span<RingCursor> cursors() { return cursors_; }
  // Registers the rings with an epoll, edge-triggered: it reports wake-ups, not waiting data.
  void watch(int epoll_fd) const;
  // The fullest ring's waiting bytes.
  [[nodiscard]] std::uint64_t most_waiting() const;

 private:
  std::size_t size_;
  UniqueFd array_;
  std::vector<UniqueFd> maps_;
  std::vector<RingCursor> cursors_;
};

// A ring for each CPU, sized so that all of them together stay a small part of the memory.
std::uint64_t default_ring_bytes(std::uint64_t memory_bytes, std::size_t cpus);

}  // namespace xdpcap
