// SPDX-License-Identifier: BSD-3-Clause
// The per-CPU rings that blocks come through (recorder/record.h), read in place. They are arrays of
// this project's own making and no BPF ring buffers: those put a header between records, take each
// in two calls with a lock, and do not let the reader write, so that every packet would have to be
// copied out of them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/mapping.hpp"
#include "base/unique_fd.hpp"
#include "recorder/record.h"

namespace xdpcap {

inline std::uint64_t time_of(const xdpcap_block& block) {
  return (std::uint64_t{block.time_high} << 32U) | block.time_low;
}
inline void set_time(xdpcap_block& block, std::uint64_t time) {
  block.time_high = static_cast<std::uint32_t>(time >> 32U);
  block.time_low = static_cast<std::uint32_t>(time);
}

// The fate of a block that was recorded with one: it stands in front of the tail.
inline xdpcap_fate& fate_of(xdpcap_block& block) {
  constexpr std::size_t kBehind = sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail);
  return *reinterpret_cast<xdpcap_fate*>(reinterpret_cast<std::byte*>(&block) + block.block_length -
                                         kBehind);
}

// RingCursor walks the blocks of one ring, oldest first. A block is `ready`, or the cursor has
// `ended` (nothing is there yet), or it is neither: a recorder is at work on the next one.
class RingCursor {
 public:
  // `memory` is a struct xdpcap_ring and what follows it, of `size` bytes (a power of two).
  RingCursor(std::byte* memory, std::size_t size)
      : ring_(reinterpret_cast<xdpcap_ring*>(memory)),
        blocks_(memory + sizeof(xdpcap_ring)),
        size_(size),
        position_(head().load(std::memory_order_acquire)),
        end_(position_) {}

  // Looks at how far the kernel has got. What it adds later is not seen until the next refresh().
  // With fates: a block from after `settled` whose fate is still open is being written, too. Throws
  // Error where no recorder can have left the ring so, as next() does.
  void refresh(std::uint64_t settled = kAllSettled) {
    // In this order: a recorder that finishes between the two looks is busy for the first or has
    // its block seen by the second.
    busy_ = std::atomic_ref(ring_->busy).load(std::memory_order_acquire) != 0;
    end_ = head().load(std::memory_order_acquire);
    check();
    if (settled != kAllSettled && ready()) hold_open_fate(settled);
  }
  static constexpr std::uint64_t kAllSettled = ~std::uint64_t{0};

  [[nodiscard]] bool ready() const { return position_ != end_; }
  [[nodiscard]] bool ended() const { return position_ == end_ && !busy_; }

  // Only while ready(). The block is the reader's until release().
  [[nodiscard]] xdpcap_block& block() const {
    return *reinterpret_cast<xdpcap_block*>(blocks_ + offset());
  }
  [[nodiscard]] std::uint64_t time() const { return time_of(block()); }
  void next() {
    const std::size_t end = offset() + (length_ != 0 ? length_ : block().block_length);
    length_ = 0;
    position_ = end < size_ ? position_ - offset() + end : position_ - offset() + size_;
    check();
  }

  // Gives the block another length, with which it is to be written. Its head and tail say so from
  // now on; next() still goes to where the next block begins.
  void resize_block(std::uint32_t length);

  // Gives the memory of everything the cursor has passed back to the kernel.
  void release() { std::atomic_ref(ring_->tail).store(position_, std::memory_order_release); }

  // Where the next block is; what has been passed and not been released can be gone back to.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  void go_back(std::uint64_t position) { position_ = position; }

  // For what cannot have come from a recorder.
  [[noreturn]] static void throw_damaged();

  // Bytes that wait in the ring.
  [[nodiscard]] std::uint64_t waiting() const {
    return head().load(std::memory_order_acquire) - position_;
  }

 private:
  void hold_open_fate(std::uint64_t settled);
  // Whoever may write to maps may have written to the ring: nothing in it leads out of it.
  void check() const {
    if (end_ - position_ > size_ || (ready() && !is_plausible(block()))) throw_damaged();
  }
  [[nodiscard]] static bool is_plausible(const xdpcap_block& block) {
    constexpr std::uint32_t kLeast = sizeof(xdpcap_block) + sizeof(xdpcap_block_tail);
    return block.block_length >= kLeast && block.block_length <= XDPCAP_RING_OVERHANG &&
           block.block_length % 4 == 0;
  }

  [[nodiscard]] std::atomic_ref<__u64> head() const { return std::atomic_ref(ring_->head); }
  [[nodiscard]] std::size_t offset() const { return position_ & (size_ - 1); }

  xdpcap_ring* ring_;
  std::byte* blocks_;
  std::size_t size_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::uint32_t length_ = 0;  // of the block under the cursor in the ring, if it says another
  bool busy_ = false;
};

// Gives blocks that had been made ready to be written and are not released what the recorder put
// into them: the kernel's time (a date, ns since 1970, is later than any time since boot;
// `clock_offset` lies between the two), and their length, if they were recorded with a fate.
void restore_blocks(RingCursor& cursor, std::uint64_t clock_offset, bool with_fates);

// Rings owns a ring for each online CPU, and the array in which recorders find them.
class Rings {
 public:
  // `bytes_per_cpu` is rounded up to a power of two of at least a page, and down to what the kernel
  // takes (2 MiB in Linux 5.10, which has no larger map values). Throws Error.
  Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
        std::uint64_t bytes_per_cpu);

  // Gives CPUs that have come online since a ring of their own; until then, what they match is
  // counted as lost. Returns how many. Throws Error.
  std::size_t add(const std::vector<std::uint32_t>& online);

  // Returns when no recorder that ran when it was called runs any more, on any CPU. Allocates
  // nothing, and takes no rights (since Linux 5.19). Throws Error.
  void wait_for_recorders() const;

  [[nodiscard]] int array_fd() const { return array_.get(); }
  // What another process needs open to use the above.
  [[nodiscard]] std::vector<int> descriptors() const { return {array_.get(), first_.get()}; }
  [[nodiscard]] std::size_t bytes_per_cpu() const { return size_; }
  [[nodiscard]] std::span<RingCursor> cursors() { return cursors_; }
  // The fullest ring's waiting bytes.
  [[nodiscard]] std::uint64_t most_waiting() const;

 private:
  void add(std::uint32_t cpu);

  std::size_t size_;
  std::uint32_t possible_;
  std::vector<std::uint32_t> cpus_;  // by cursor
  UniqueFd array_;
  UniqueFd first_;  // the ring of the first CPU
  std::vector<Mapping> memory_;
  std::vector<RingCursor> cursors_;
};

// A ring for each CPU, sized so that all of them together stay a small part of the memory.
std::uint64_t default_ring_bytes(std::uint64_t memory_bytes, std::size_t cpus);

}  // namespace xdpcap
