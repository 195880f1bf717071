// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace xdpcap {

// ByteWindow shows a stream of bytes piece by piece, without copying them again for each.
class ByteWindow {
 public:
  // Reads at least one byte; 0 at the end.
  using Read = std::function<std::size_t(std::span<std::byte>)>;
  explicit ByteWindow(Read read) : read_(std::move(read)) {}

  // The next `size` bytes; fewer at the end. Valid until the next call. The memory grows with the
  // bytes that there are, not with those that are asked for.
  std::span<const std::byte> look(std::size_t size);
  // Goes on after bytes that have been looked at. They stay valid until the next look().
  void consume(std::size_t size) { begin_ += size; }

 private:
  Read read_;
  std::vector<std::byte> memory_;
  std::size_t begin_ = 0;  // of what has not been consumed
  std::size_t end_ = 0;    // of what has been read
  bool at_end_ = false;
};

}  // namespace xdpcap
