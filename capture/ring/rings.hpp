// SPDX-License-Identifier: BSD-3-Clause
// The per-CPU rings of blocks (recorder/record.h), read in place. They are arrays with a layout of
// their own, not BPF ring buffers: those put a header between records, need two calls and a lock
// for each, and are read-only for the reader, so that every packet would have to be copied.
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

// The fate of a block that was recorded with one: it is right before the tail.
inline xdpcap_fate& fate_of(xdpcap_block& block) {
  constexpr std::size_t kFromEnd = sizeof(xdpcap_fate) + sizeof(xdpcap_block_tail);
  return *reinterpret_cast<xdpcap_fate*>(reinterpret_cast<std::byte*>(&block) + block.block_length -
                                         kFromEnd);
}

// The reason of a block that was recorded with one, `replaced` bytes before the tail.
inline const xdpcap_reason& reason_of(const xdpcap_block& block, std::uint32_t replaced) {
  return *reinterpret_cast<const xdpcap_reason*>(reinterpret_cast<const std::byte*>(&block) +
                                                 block.block_length - sizeof(xdpcap_block_tail) -
                                                 replaced);
}

// RingCursor walks the blocks of one ring, oldest first. Either a block is `ready`, or the cursor
// has `ended` (the ring is empty), or neither: a recorder is writing the next block.
class RingCursor {
 public:
  // `memory` is a struct xdpcap_ring and what follows it, of `size` bytes (a power of two); `cpu`
  // is the one that writes it.
  RingCursor(std::byte* memory, std::size_t size, std::uint32_t cpu = 0)
      : ring_(reinterpret_cast<xdpcap_ring*>(memory)),
        blocks_(memory + sizeof(xdpcap_ring)),
        size_(size),
        cpu_(cpu),
        position_(head().load(std::memory_order_acquire)),
        end_(position_) {}

  // Loads the kernel's head. Blocks added later are not seen until the next refresh(). With fates:
  // a block newer than `settled` whose fate is still open counts as being written. Throws Error if
  // the ring is corrupt, as next() does.
  void refresh(std::uint64_t settled = kAllSettled) {
    // In this order: a recorder that finishes between the two loads is busy in the first, or its
    // block is visible in the second.
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

  // Sets the length with which the block is to be written, in its head and tail. next() still
  // advances by its length in the ring.
  void resize_block(std::uint32_t length);

  // Returns the memory of all blocks before the cursor to the kernel.
  void release() { std::atomic_ref(ring_->tail).store(position_, std::memory_order_release); }

  [[nodiscard]] std::uint32_t cpu() const { return cpu_; }
  // The position of the next block; go_back() may return to any that has not been released.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  void go_back(std::uint64_t position) { position_ = position; }

  // For contents that no recorder can have written.
  [[noreturn]] static void throw_corrupt();

  // Unread bytes in the ring.
  [[nodiscard]] std::uint64_t waiting() const {
    return head().load(std::memory_order_acquire) - position_;
  }

 private:
  void hold_open_fate(std::uint64_t settled);
  // Any process that may write to maps may have written to the ring, so it must not lead the cursor
  // out of it.
  void check() const {
    if (end_ - position_ > size_ || (ready() && !is_plausible(block()))) throw_corrupt();
  }
  [[nodiscard]] static bool is_plausible(const xdpcap_block& block) {
    constexpr std::uint32_t kLeast = sizeof(xdpcap_block) + sizeof(xdpcap_entry_tail);
    return block.block_length >= kLeast && block.block_length <= XDPCAP_RING_OVERHANG &&
           block.block_length % 4 == 0;
  }

  [[nodiscard]] std::atomic_ref<__u64> head() const { return std::atomic_ref(ring_->head); }
  [[nodiscard]] std::size_t offset() const { return position_ & (size_ - 1); }

  xdpcap_ring* ring_;
  std::byte* blocks_;
  std::size_t size_;
  std::uint32_t cpu_;
  std::uint64_t position_;
  std::uint64_t end_;
  std::uint32_t length_ = 0;  // in the ring, of the current block if it was resized; else 0
  bool busy_ = false;
};

// Undoes the changes made for writing to blocks that have not been released: restores the kernel's
// time (a time above `clock_offset` is a date in ns since 1970; the offset is larger than any time
// since boot), and the length. `replaced`: the bytes before its tail that a block of each interface
// has for what comments take the place of; 0: none. `any_grown`: blocks without that may have
// got comments, too.
void restore_blocks(RingCursor& cursor, std::uint64_t clock_offset,
                    std::span<const std::uint32_t> replaced, bool any_grown = false);

// Rings owns a ring for each online CPU, and the array in which recorders find them.
class Rings {
 public:
  // `bytes_per_cpu` is rounded up to a power of two of at least a page, but limited to what the
  // kernel accepts (2 MiB in Linux 5.10, for the size of map values). Throws Error.
  Rings(const std::vector<std::uint32_t>& online, std::uint32_t possible,
        std::uint64_t bytes_per_cpu);

  // Creates a ring for each CPU that has come online. Throws Error; the next call tries again.
  void add(const std::vector<std::uint32_t>& online);

  // Gives the new rings to the recorders; until then the matching packets of these CPUs count as
  // lost. Returns how many there were. Throws Error.
  std::size_t publish();

  // Waits until every recorder that is running now, on any CPU, has returned. Allocates nothing and
  // needs no privileges (since Linux 5.19). Throws Error.
  void wait_for_recorders() const;

  [[nodiscard]] int array_fd() const { return array_.get(); }
  // The descriptors that another process needs for the above.
  [[nodiscard]] std::vector<int> descriptors() const { return {array_.get(), first_.get()}; }
  [[nodiscard]] std::size_t bytes_per_cpu() const { return size_; }
  [[nodiscard]] std::size_t count() const { return cursors_.size(); }
  [[nodiscard]] std::span<RingCursor> cursors() { return cursors_; }
  // The unread bytes of the fullest ring.
  [[nodiscard]] std::uint64_t most_waiting() const;

 private:
  void add(std::uint32_t cpu);

  std::size_t size_;
  std::uint32_t possible_;
  std::vector<std::uint32_t> cpus_;  // by cursor
  UniqueFd array_;
  UniqueFd first_;                     // the ring of the first CPU
  std::vector<UniqueFd> unpublished_;  // of the last CPUs
  std::vector<Mapping> memory_;
  std::vector<RingCursor> cursors_;
};

// The default size of a ring, so that all rings together take a small part of the memory.
std::uint64_t default_ring_bytes(std::uint64_t memory_bytes, std::size_t cpus);

}  // namespace xdpcap
