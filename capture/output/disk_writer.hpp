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

  // Begins file number `number`, at an offset in it, once the one before is finished.
  void begin(int fd, std::uint64_t offset, std::uint64_t number);
  // Appends `bytes` bytes of whole blocks, or nothing if the disk is too slow at the moment
  // (WriteEnd::interrupted).
  WriteResult append(std::span<const iovec> pieces, std::size_t bytes, Timeout timeout);
  // To be called some times a second, and whenever there is nothing to append: what has been
  // appended gets to the file even if little follows.
  void settle();
  // Waits until all is in the file; more may follow.
  WriteResult finish();
  // After finish(), nothing follows: lets go of the file.
  void end() { thread_.end_file(); }
  // The end of what has been appended.
  [[nodiscard]] std::uint64_t position() const { return position_; }

  // After a failure: the blocks from the last one that is in the file as a whole; and up to where
  // their bytes are in the file.
  struct Rest {
    std::uint64_t begin;
    std::uint64_t reached;
    std::vector<iovec> blocks;
  };
  Rest rest();
  // The file ends at `position` instead, and nothing more follows.
  void cut(std::uint64_t position);

  // In another process: what it has to write to a file that ends at `end`.
  [[nodiscard]] Rest rest_of(std::uint64_t number, std::uint64_t end) const;

 private:
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
  std::uint64_t position_ = 0;
  std::uint64_t handed_over_ = 0;  // up to here
  std::uint64_t settled_ = 0;      // position_ at the last settle()
  std::uint64_t since_ = 0;        // the time of the first byte that is not handed over
  std::optional<Filling> filling_;
};

}  // namespace xdpcap
