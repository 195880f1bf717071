// SPDX-License-Identifier: BSD-3-Clause
// Writes chunks to the disk, so that the thread that empties the rings need not wait for it.
#pragma once

#include <array>
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
//
// When files change, it may still have to write the one before. Files have numbers, one after the
// other, and it knows the last two.
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

  // Once nothing is to be written any more, or writing has failed: all chunks are free.
  void begin_anew();
  // Another file, once the one before the last is complete. `offset`: where in it the writing
  // begins.
  void begin_file(std::uint64_t number, int fd, std::uint64_t offset);
  // Once everything has been written, closes what begin_file() opened.
  void end_file(std::uint64_t number);
  // After an error in this file: forgets what was to be written to it, frees its chunks, and goes
  // on with the next one.
  void drop_file(std::uint64_t number);
  // Whether whole chunks of this file are written directly.
  [[nodiscard]] bool writes_directly(std::uint64_t number) const { return file(number).directly; }

  // A chunk that is not in use, if there is one.
  std::optional<std::size_t> take_free_chunk();

  // [from, to) of the file. The memory must not change until it is written.
  struct Write {
    std::uint64_t file = 0;
    const std::byte* memory = nullptr;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    bool ends_block = true;              // its last byte is the last of a block
    bool truncates = false;              // the file to `from` bytes, before
    std::optional<std::size_t> freed{};  // the chunk that is free after it
  };
  // Starts the thread when first called, with the privileges that the process has then. If that
  // fails, it writes before it returns.
  void add(const Write& write);

  // The error with which writing has ended (an errno); 0: none.
  [[nodiscard]] int error();
  // Whether it has ended in this file.
  [[nodiscard]] bool has_failed(std::uint64_t number);
  // Whether nothing is to be written to this file any more, at the moment.
  [[nodiscard]] bool is_written(std::uint64_t number);
  // Up to where the file has been written, also after an error: then possibly within a block.
  [[nodiscard]] std::uint64_t reached(std::uint64_t number);

  // Both return early on an error, and when `timeout` says so (except by its milliseconds: a disk
  // may be slow).
  void wait_until_written(std::uint64_t number, Timeout timeout = {});
  void wait_for_chunk(Timeout timeout);

 private:
  struct File {
    int fd = -1;
    UniqueFd direct{};  // the same file, opened for direct writes
    UniqueFd plain{};   // the same file if `fd` could only append
    std::atomic<bool> directly = false;
    WriteBehind write_behind{};
    std::uint64_t reached = 0;  // with the mutex
  };
  [[nodiscard]] File& file(std::uint64_t number) { return files_[number % files_.size()]; }
  [[nodiscard]] const File& file(std::uint64_t number) const {
    return files_[number % files_.size()];
  }
  void start();
  void run();
  void write_next(std::unique_lock<std::mutex>& lock);
  int write(const Write& write);
  static bool may_be_direct(const File& file, const Write& write);
  [[nodiscard]] bool has_written(std::uint64_t number) const;
  template <typename Condition>
  void wait(Condition is_reached, Timeout timeout);

  ChunkPool& pool_;
  std::array<File, 2> files_;

  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<Write> queue_;
  std::vector<std::size_t> free_;  // the last one was used last: its memory is still in the cache
  bool stop_ = false;
  bool somebody_waits_ = false;
  int error_ = 0;
  UniqueFd progress_;  // an eventfd
  std::thread thread_;
};

}  // namespace xdpcap
