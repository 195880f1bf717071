// SPDX-License-Identifier: BSD-3-Clause
#include "output/batch.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "base/error.hpp"
#include "base/pcapng_format.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kLeastBlock = 12;  // type, and the length twice

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

void Batch::throw_corrupt() {
  throw Error("reading the rings: a packet in them is corrupt",
              "another program writes to the maps of this one; bpftool map shows which");
}

// A block begins at the start of a piece or at the end of the block before it; its first fields are
// in one piece, and it may continue in the pieces after it. If another program has overwritten a
// block since append(), only the blocks before it are kept.
void Batch::keep_whole_blocks(std::size_t bytes) {
  std::fill(packets_.begin(), packets_.end(), 0);
  size_ = 0;
  std::size_t index = 0;
  std::size_t at = 0;  // in the piece
  while (index < pieces_.size()) {
    if (pieces_[index].iov_len - at < kLeastBlock) break;
    const std::byte* block = static_cast<const std::byte*>(pieces_[index].iov_base) + at;
    const std::size_t length = read_word(block + offsetof(xdpcap_block, block_length));
    if (length < kLeastBlock || size_ + length > bytes) break;
    if (read_word(block) == pcapng::block_type::enhanced_packet) {
      const std::uint32_t interface = read_word(block + offsetof(xdpcap_block, interface_id));
      if (interface >= packets_.size()) break;
      ++packets_[interface];
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
