// SPDX-License-Identifier: BSD-3-Clause
// Writes a file on a disk.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "output/chunk_pool.hpp"
#include "output/chunk_provider.hpp"
#include "output/disk_thread.hpp"
#include "output/output.hpp"
#include "output/rotation.hpp"

namespace xdpcap {

// DiskWriter copies what is to be written into chunks, and has them written by a thread. It waits
// for the disk only if no chunk is free. Positions are bytes from the beginning of the file.
//
// A chunk ends with whole blocks. If it is to be written directly, it also ends at a multiple of
// ChunkPool::kAlignment, with a block of padding that readers ignore: so the file ends in a whole
// block at every moment.
class DiskWriter {
 public:
  // Throws Error.
  explicit DiskWriter(ChunkPool::Size size) : pool_(size), provider_(pool_), thread_(pool_) {}
  DiskWriter(const DiskWriter&) = delete;
  DiskWriter& operator=(const DiskWriter&) = delete;
  DiskWriter(DiskWriter&&) = delete;
  DiskWriter& operator=(DiskWriter&&) = delete;
  // Waits until all is in the file.
  ~DiskWriter();

  // Whether this is a file on a disk, or something like it; not in memory.
  static bool suits(int fd);

  // Begins file number `number`, at an offset in it, after finish() or retire(). What is in the
  // file after the offset stays until it is overwritten, or is removed before the first write.
  void begin(int fd, std::uint64_t offset, std::uint64_t number,
             Output::Contents before = Output::Contents::stay);
  // Appends `bytes` bytes of whole blocks, or nothing if the disk is too slow at the moment
  // (WriteEnd::interrupted).
  WriteResult append(std::span<const iovec> pieces, std::size_t bytes, Timeout timeout);
  // To be called some times a second, and whenever there is nothing to append: what has been
  // appended gets to the file even if little follows.
  void settle();
  // Waits until all is in the file; more may follow.
  WriteResult finish();
  // Waits until all is in the file and in the previous one, or writing has failed. False if
  // `timeout` came first.
  bool wait(Timeout timeout);
  // What has been appended gets to the file soon, also if nothing follows.
  void push();
  // After finish(), nothing follows: lets go of the file.
  void end() { thread_.end_file(number_); }
  // The size of all chunks together.
  [[nodiscard]] std::size_t buffer_bytes() const { return pool_.count() * pool_.chunk_bytes(); }
  // The end of what has been appended.
  [[nodiscard]] std::uint64_t position() const { return position_; }
  // The end of what is in the file.
  [[nodiscard]] std::uint64_t on_disk() const { return pool_.on_disk(number_); }

  // Nothing follows in this file, which becomes the previous one: it is written to its end while
  // the next one is filled.
  void retire();
  // Of the previous file.
  [[nodiscard]] bool previous_is_written() { return thread_.is_written(number_ - 1); }
  [[nodiscard]] bool previous_has_failed() { return thread_.has_failed(number_ - 1); }
  // Waits until it is written, or has failed. False if `timeout` came first. Then end_previous() or
  // drop_previous() must follow.
  bool wait_for_previous(Timeout timeout = {});
  void end_previous() { thread_.end_file(number_ - 1); }
  // After its failure: forgets what could not be written to it.
  void drop_previous();
  [[nodiscard]] int error() { return thread_.error(); }

  // After a failure: the blocks from the last one that is in the file as a whole; and up to where
  // their bytes are in the file.
  struct Rest {
    std::uint64_t begin;
    std::uint64_t reached;
    std::vector<iovec> blocks;
  };
  Rest rest() { return rest(number_, position_); }
  Rest rest_of_previous() { return rest(number_ - 1, kUnlimited); }
  // The file ends at `position` instead, and nothing more follows.
  void cut(std::uint64_t position);

  // In another process: what it has to write to a file that ends at `end`.
  [[nodiscard]] Rest rest_of(std::uint64_t number, std::uint64_t end) const;

 private:
  Rest rest(std::uint64_t number, std::uint64_t end);
  struct Filling {
    std::size_t chunk;
    std::uint64_t begin;
  };
  [[nodiscard]] std::size_t room() const;
  bool make_room(std::size_t bytes, Timeout timeout);
  bool begin_chunk(Timeout timeout);
  WriteResult append_large(std::span<const iovec> pieces, std::size_t bytes);
  void close_chunk();
  void pad();
  enum class Chunk : std::uint8_t { is_kept, is_freed };
  void hand_over(std::uint64_t from, Chunk chunk);
  [[nodiscard]] std::byte* memory(std::uint64_t position) const;
  [[nodiscard]] WriteResult failed();

  ChunkPool pool_;
  ChunkProvider provider_;
  DiskThread thread_;
  std::uint64_t number_ = 0;
  bool retired_ = false;    // the file with this number
  bool truncates_ = false;  // its first write
  std::uint64_t position_ = 0;
  std::uint64_t handed_over_ = 0;  // up to here
  std::uint64_t settled_ = 0;      // position_ at the last settle()
  std::uint64_t since_ = 0;        // the time of the first byte that is not handed over
  std::optional<Filling> filling_;
};

}  // namespace xdpcap
