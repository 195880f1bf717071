// SPDX-License-Identifier: BSD-3-Clause
// Writes chunks to the disk, so that the thread that empties the rings need not wait for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/unique_fd.hpp"
#include "output/chunk_pool.hpp"
#include "output/output.hpp"
#include "output/write_behind.hpp"

namespace xdpcap {

// DiskThread writes what it is given in the order in which it is given, one write at a time: a file
// grows only by what is complete. Several writes at once are not faster when each has some MiB, as
// the kernel and the disk work on the parts of one in parallel (README.md).
//
// Whole chunks go directly from memory to the disk (O_DIRECT) if the file system can. The rest goes
// through the page cache.
class DiskThread {
 public:
  // Must be outlived by the pool.
  explicit DiskThread(ChunkPool& pool);
  DiskThread(const DiskThread&) = delete;
  DiskThread& operator=(const DiskThread&) = delete;
  DiskThread(DiskThread&&) = delete;
  DiskThread& operator=(DiskThread&&) = delete;
  // Finishes the current write only.
  ~DiskThread();

  // For the thread that gives the work. ----------------------------------------------------------

  // Another file, once everything has been written or writing has failed; all chunks are free.
  // `offset`: where in it the writing begins.
  void begin_file(int fd, std::uint64_t offset);
  // Once everything has been written, closes what begin_file() opened.
  void end_file();
  // Whether whole chunks of this file are written directly.
  [[nodiscard]] bool writes_directly() const { return directly_; }

  // A chunk that is not in use, if there is one.
  std::optional<std::size_t> take_free_chunk();

  // [from, to) of the file. The memory must not change until it is written.
  struct Write {
    const std::byte* memory = nullptr;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    bool ends_block = true;              // its last byte is the last of a block
    std::optional<std::size_t> freed{};  // the chunk that is free after it
  };
  // Starts the thread when first called, with the privileges that the process has then. If that
  // fails, it writes before it returns.
  void add(const Write& write);

  [[nodiscard]] bool is_idle();
  // The error with which writing has ended (an errno); 0: none.
  [[nodiscard]] int error();
  // Up to where the file has been written, also after an error: then possibly within a block.
  [[nodiscard]] std::uint64_t reached();

  enum class Until : std::uint8_t { chunk_is_free, idle };
  // Returns early on an error, and when `timeout` says so (except by its milliseconds: a disk may
  // be slow).
  void wait(Until until, Timeout timeout);

 private:
  void free_all();
  void start();
  void run();
  void write_next(std::unique_lock<std::mutex>& lock);
  int write(const Write& write);
  [[nodiscard]] bool may_be_direct(const Write& write) const;
  [[nodiscard]] bool is_reached(Until until) const;

  ChunkPool& pool_;
  int fd_ = -1;
  UniqueFd direct_;  // the same file, opened for direct writes
  UniqueFd plain_;   // the same file if `fd_` could only append
  std::atomic<bool> directly_ = false;
  WriteBehind write_behind_;

  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<Write> queue_;
  std::vector<std::size_t> free_;  // the last one was used last: its memory is still in the cache
  bool stop_ = false;
  bool somebody_waits_ = false;
  int error_ = 0;
  std::uint64_t reached_ = 0;
  UniqueFd progress_;  // an eventfd
  std::thread thread_;
};

}  // namespace xdpcap
