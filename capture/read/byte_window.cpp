// SPDX-License-Identifier: BSD-3-Clause
#include "read/byte_window.hpp"

#include <algorithm>
#include <cstring>

namespace xdpcap {

std::span<const std::byte> ByteWindow::look(std::size_t size) {
  constexpr std::size_t kPiece = std::size_t{1} << 18U;
  while (end_ - begin_ < size && !at_end_) {
    if (begin_ != 0) {
      std::memmove(memory_.data(), memory_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (memory_.size() - end_ < kPiece / 2) memory_.resize(std::max(kPiece, memory_.size() * 2));
    const std::size_t count = read_(std::span(memory_).subspan(end_));
    at_end_ = count == 0;
    end_ += count;
  }
  return std::span(memory_).subspan(begin_, std::min(size, end_ - begin_));
}

}  // namespace xdpcap
