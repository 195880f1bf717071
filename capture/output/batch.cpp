// SPDX-License-Identifier: BSD-3-Clause
#include "output/batch.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace xdpcap {
namespace {

constexpr std::uint32_t kPacketBlock = 6;  // Enhanced Packet Block

std::uint32_t read_word(const std::byte* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

}  // namespace

Batch::Batch(std::size_t interfaces) : packets_(interfaces) {
  pieces_.reserve(kMostPieces);
}

std::uint64_t Batch::total_packets() const {
  return std::accumulate(packets_.begin(), packets_.end(), std::uint64_t{0});
}

void Batch::clear() {
  size_ = 0;
  pieces_.clear();
  std::fill(packets_.begin(), packets_.end(), 0);
}

void Batch::keep_whole_blocks(std::size_t bytes) {
  std::fill(packets_.begin(), packets_.end(), 0);
  size_ = 0;
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const auto* piece = static_cast<const std::byte*>(pieces_[i].iov_base);
    std::size_t kept = 0;
    while (kept < pieces_[i].iov_len) {
      const std::byte* block = piece + kept;
      const std::uint32_t length = read_word(block + offsetof(xdpcap_block, block_length));
      if (size_ + length > bytes) {
        pieces_[i].iov_len = kept;
        pieces_.resize(kept == 0 ? i : i + 1);
        return;
      }
      if (read_word(block) == kPacketBlock) {
        ++packets_[read_word(block + offsetof(xdpcap_block, interface_id))];
      }
      kept += length;
      size_ += length;
    }
  }
}

}  // namespace xdpcap
