// SPDX-License-Identifier: BSD-3-Clause
#include "output/batch.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <utility>

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

WholeBlocks whole_blocks(std::span<const iovec> pieces, std::size_t bytes, std::size_t interfaces) {
  WholeBlocks whole{.packets = std::vector<std::uint64_t>(interfaces)};
  while (whole.piece < pieces.size()) {
    if (pieces[whole.piece].iov_len - whole.at < kLeastBlock) break;
    const std::byte* block = static_cast<const std::byte*>(pieces[whole.piece].iov_base) + whole.at;
    const std::size_t length = read_word(block + offsetof(xdpcap_block, block_length));
    if (length < kLeastBlock || whole.bytes + length > bytes) break;
    if (read_word(block) == pcapng::block_type::enhanced_packet) {
      const std::uint32_t interface = read_word(block + offsetof(xdpcap_block, interface_id));
      if (interface >= interfaces) break;
      ++whole.packets[interface];
    }
    whole.bytes += length;
    for (whole.at += length; whole.piece < pieces.size() && whole.at >= pieces[whole.piece].iov_len;
         ++whole.piece) {
      whole.at -= pieces[whole.piece].iov_len;
    }
  }
  return whole;
}

// If another program has overwritten a block since append(), only the blocks before it are kept.
void Batch::keep_whole_blocks(std::size_t bytes) {
  WholeBlocks whole = whole_blocks(pieces_, bytes, packets_.size());
  packets_ = std::move(whole.packets);
  size_ = whole.bytes;
  if (whole.piece == pieces_.size()) return;
  pieces_[whole.piece].iov_len = whole.at;
  pieces_.resize(whole.at == 0 ? whole.piece : whole.piece + 1);
}

}  // namespace xdpcap
