// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>

#include "output/chunk_pool.hpp"

namespace xdpcap {

// ChunkProvider has the kernel provide the memory of chunks before they are needed, in a thread: on
// a virtual machine, the first use of a page takes longer than a copy to it, too long for a thread
// that empties rings. It begins with some of them, while the capture is set up.
class ChunkProvider {
 public:
  explicit ChunkProvider(const ChunkPool& pool);
  ChunkProvider(const ChunkProvider&) = delete;
  ChunkProvider& operator=(const ChunkProvider&) = delete;
  ChunkProvider(ChunkProvider&&) = delete;
  ChunkProvider& operator=(ChunkProvider&&) = delete;
  ~ChunkProvider();

  // The capture fills chunks: provides the rest, too.
  void provide_all() { provide(pool_.count()); }
  // Provides the first `chunks`.
  void provide(std::size_t chunks);

 private:
  void run();

  const ChunkPool& pool_;
  std::atomic<std::size_t> wanted_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace xdpcap
