// SPDX-License-Identifier: BSD-3-Clause
// Collects blocks for one write. Blocks are not copied: they stay in the rings' memory until they
// are written, and adjacent ones form one piece.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "recorder/record.h"

namespace xdpcap {

// What takes the place of a block's reason and fate (record.h): pcapng options, each of which may
// be empty.
struct Comments {
  std::span<const std::byte> fate;
  std::span<const std::byte> reason = {};
  std::uint32_t replaced = sizeof(xdpcap_fate);  // bytes before the block's tail
};

// The length of a block after that.
inline std::uint32_t with_comments(std::uint32_t block_length, const Comments& comments) {
  return block_length + static_cast<std::uint32_t>(comments.fate.size() + comments.reason.size()) -
         comments.replaced;
}

// WholeBlocks are the blocks that end within the first bytes of some pieces.
struct WholeBlocks {
  std::size_t bytes = 0;               // of them all
  std::vector<std::uint64_t> packets;  // of each interface
  std::size_t piece = 0;               // where they end: the piece,
  std::size_t at = 0;                  // and the byte in it
};
// A block begins at the start of a piece or at the end of the block before it; its first fields are
// in one piece, and it may continue in the pieces after it. Ends at the first that is no block.
WholeBlocks whole_blocks(std::span<const iovec> pieces, std::size_t bytes, std::size_t interfaces);

class Batch {
 public:
  // Small enough to stay in the CPU's cache between append() and the write.
  static constexpr std::size_t kMostBytes = std::size_t{256} * 1024;
  // The limit of writev() (IOV_MAX).
  static constexpr std::size_t kMostPieces = 1024;

  explicit Batch(std::size_t interfaces);

  // Appends a packet's block. Returns false, and appends nothing, if the batch is full; an empty
  // batch takes any block. The memory must not change until clear(). Throws Error for a block of an
  // interface that this file does not have.
  bool append(const xdpcap_block& block) {
    if (block.interface_id >= packets_.size()) throw_corrupt();
    const auto* bytes = reinterpret_cast<const std::byte*>(&block);
    if (!append(std::span(bytes, block.block_length))) return false;
    ++packets_[block.interface_id];
    return true;
  }
  // Appends a packet's block with comments in place of its reason and fate; false as above. Before
  // it is written, the lengths in the block have to be set to with_comments().
  bool append(const xdpcap_block& block, const Comments& comments) {
    const std::size_t least = sizeof(xdpcap_block) + comments.replaced + sizeof(xdpcap_block_tail);
    if (block.interface_id >= packets_.size() || block.block_length < least) throw_corrupt();
    const std::uint32_t length = with_comments(block.block_length, comments);
    const std::size_t pieces_of_one =
        2 + (comments.reason.empty() ? 0 : 1) + (comments.fate.empty() ? 0 : 1);
    if (size_ != 0 && size_ + length > kMostBytes) return false;
    if (pieces_.size() + pieces_of_one > kMostPieces) return false;
    const std::span bytes(reinterpret_cast<const std::byte*>(&block), block.block_length);
    const std::size_t tail = bytes.size() - sizeof(xdpcap_block_tail);
    put(bytes.first(tail - comments.replaced));
    if (!comments.reason.empty()) put(comments.reason);
    if (!comments.fate.empty()) put(comments.fate);
    put(bytes.subspan(tail));
    size_ += length;
    ++packets_[block.interface_id];
    return true;
  }
  // Appends finished blocks of other types; false as above.
  bool append(std::span<const std::byte> blocks) {
    if (size_ != 0 && size_ + blocks.size() > kMostBytes) return false;
    const bool neighbour = !pieces_.empty() && end_of(pieces_.back()) == blocks.data();
    if (!neighbour && pieces_.size() == kMostPieces) return false;
    put(blocks);
    size_ += blocks.size();
    return true;
  }

  [[nodiscard]] std::span<const iovec> pieces() const { return pieces_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // The number of packets of each interface.
  [[nodiscard]] std::span<const std::uint64_t> packets() const { return packets_; }
  [[nodiscard]] std::uint64_t total_packets() const;
  [[nodiscard]] bool empty() const { return size_ == 0; }
  void clear();

  // Removes everything after the last block that ends within the first `bytes` bytes. Blocks must
  // have their final lengths.
  void keep_whole_blocks(std::size_t bytes);

 private:
  [[noreturn]] static void throw_corrupt();
  void put(std::span<const std::byte> bytes) {
    if (!pieces_.empty() && end_of(pieces_.back()) == bytes.data()) {
      pieces_.back().iov_len += bytes.size();
    } else {
      pieces_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
    }
  }
  static const std::byte* end_of(const iovec& piece) {
    return static_cast<const std::byte*>(piece.iov_base) + piece.iov_len;
  }

  std::vector<iovec> pieces_;
  std::size_t size_ = 0;
  std::vector<std::uint64_t> packets_;
};

}  // namespace xdpcap
