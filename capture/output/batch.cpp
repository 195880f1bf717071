// SPDX-License-Identifier: BSD-3-Clause
#include "output/batch.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.hpp"

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

void Batch::throw_foreign() {
  throw Error("taking a packet out of its ring: no recorder has put it there",
              "some other program writes to the maps of this one: find out which (bpftool map)");
}

// A block begins where a piece does or where the block before it ends, has its first fields in one
// piece, and can go on in the pieces behind.
void Batch::keep_whole_blocks(std::size_t bytes) {
  std::fill(packets_.begin(), packets_.end(), 0);
  size_ = 0;
  std::size_t index = 0;
  std::size_t at = 0;  // in the piece
  while (index < pieces_.size()) {
    const std::byte* block = static_cast<const std::byte*>(pieces_[index].iov_base) + at;
    const std::size_t length = read_word(block + offsetof(xdpcap_block, block_length));
    if (size_ + length > bytes) break;
    if (read_word(block) == kPacketBlock) {
      ++packets_[read_word(block + offsetof(xdpcap_block, interface_id))];
    }
    size_ += length;
    for (at += length; index < pieces_.size() && at >= pieces_[index].iov_len; ++index) {
      at -= pieces_[index].iov_len;
    }
  }
  if (index == pieces_.size()) return;
  pieces_[index].iov_len = at;
  pieces_.resize(at == 0 ? index : index + 1);
}

}  // namespace xdpcap
