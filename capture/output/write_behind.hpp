// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <deque>

namespace xdpcap {

// WriteBehind keeps a file that is written through the page cache from filling it: it starts to
// write each part to the disk as soon as the part is complete, waits for it some parts later, and
// then drops it from the cache. The kernel alone would begin after 5 to 30 seconds, or when a tenth
// of the memory is dirty. File systems that cannot do this (tmpfs, for one) ignore it.
class WriteBehind {
 public:
  // A file begins at this offset.
  void begin(std::uint64_t offset);
  // It is complete up to `offset`. May wait for the disk. Returns an errno, or 0; after an error,
  // what was written before may have gaps.
  int wrote(int fd, std::uint64_t offset);
  // What came before `offset` has not been written through the page cache.
  void skip(std::uint64_t offset) { begin_ = offset; }

 private:
  struct Part {
    std::uint64_t offset;
    std::uint64_t length;
  };
  int start(int fd, std::uint64_t end);
  int drop_oldest(int fd);

  std::uint64_t begin_ = 0;  // of the part that is not yet complete
  std::deque<Part> started_;
};

}  // namespace xdpcap
