// SPDX-License-Identifier: BSD-3-Clause
// Memory for what has been captured and is not on the disk yet.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/mapping.hpp"
#include "base/shared_memory.hpp"

namespace xdpcap {

// ChunkPool is an array of chunks, each with a part of the current file or of the one before, in
// memory that a guardian shares: if this process is killed, the guardian writes what is in it.
// Positions are bytes from the beginning of the file.
class ChunkPool {
 public:
  struct Size {
    std::size_t chunk_bytes;  // a multiple of kAlignment
    std::size_t count;
  };
  // Direct writes begin and end at a multiple of this, in memory and in the file.
  static constexpr std::size_t kAlignment = 4096;

  // A small part of `memory` bytes, the memory that this process may use.
  static Size default_size(std::uint64_t memory);

  // Throws Error.
  explicit ChunkPool(Size size);

  [[nodiscard]] std::size_t count() const { return size_.count; }
  [[nodiscard]] std::size_t chunk_bytes() const { return size_.chunk_bytes; }
  [[nodiscard]] std::byte* at(std::size_t index) const;
  // Provides the memory of a chunk before it is used.
  void populate(std::size_t index) const { xdpcap::populate(at(index), size_.chunk_bytes); }

  // In the capture. ------------------------------------------------------------------------------

  // A file, which is on the disk up to `position`. The one with this number less two is complete.
  void begin_file(std::uint64_t number, std::uint64_t position);
  // The chunk, which was free, begins at `position` in the file, and is empty.
  void begin_chunk(std::size_t index, std::uint64_t number, std::uint64_t position);
  // It has been filled up to `position`.
  void note_filled(std::size_t index, std::uint64_t position);
  // The file is on the disk up to `position`.
  void note_on_disk(std::uint64_t number, std::uint64_t position);

  // In either process. ---------------------------------------------------------------------------

  // The file's bytes that are not on the disk, up to `end`, in order; none for older files.
  [[nodiscard]] std::vector<iovec> pending(std::uint64_t number, std::uint64_t end) const;
  [[nodiscard]] std::uint64_t on_disk(std::uint64_t number) const;

 private:
  struct Chunk {
    std::uint64_t file;
    std::uint64_t begin;
    std::uint64_t end;
  };
  struct File {
    std::uint64_t number;
    std::uint64_t on_disk;
  };
  // Of two files, alternately.
  [[nodiscard]] File& file(std::uint64_t number) const {
    return reinterpret_cast<File*>(head_.at(0))[number % 2];
  }
  [[nodiscard]] Chunk& chunk(std::size_t index) const {
    return reinterpret_cast<Chunk*>(head_.at(2 * sizeof(File)))[index];
  }

  Size size_;
  Mapping head_;  // two Files, and a Chunk for each
  Mapping memory_;
};

}  // namespace xdpcap
