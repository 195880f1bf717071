// SPDX-License-Identifier: BSD-3-Clause
#include "output/block_buffer.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace xdpcap {
namespace {

// epb_dropcount (section 4.3): code 4, 8 bytes.
struct DropCount {
  std::uint16_t code = 4;
  std::uint16_t length = sizeof(std::uint64_t);
  std::array<std::byte, sizeof(std::uint64_t)> count;  // options are aligned to 4 only
};
constexpr std::size_t kDropCountSize = 12;
static_assert(sizeof(DropCount) == kDropCountSize);

// A block longer than a batch still has to fit into an empty buffer.
constexpr std::size_t kLargestBlock = 262144 + sizeof(xdpcap_record) + sizeof(xdpcap_record_tail);

constexpr std::uint32_t kPacketBlock = 6;  // Enhanced Packet Block

// Offsets in a block, which begins behind the record's prefix.
constexpr std::size_t kLengthAt = offsetof(xdpcap_record, block_length) - XDPCAP_RECORD_PREFIX;
constexpr std::size_t kTimeAt = offsetof(xdpcap_record, time_high) - XDPCAP_RECORD_PREFIX;
constexpr std::size_t kInterfaceAt = offsetof(xdpcap_record, interface_id) - XDPCAP_RECORD_PREFIX;
// The end of every block: opt_endofopt and the length again.
constexpr std::size_t kEndSize = 8;

std::uint32_t read_word(const std::byte* at) {
  std::uint32_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

void set_length(std::byte* block, std::uint32_t length) {
  std::memcpy(block + kLengthAt, &length, sizeof(length));
  std::memcpy(block + length - sizeof(length), &length, sizeof(length));
}

}  // namespace

BlockBuffer::BlockBuffer(std::size_t interfaces)
    : memory_(std::make_unique<std::byte[]>(kBatchBytes + kLargestBlock + kDropCountSize)),
      packets_(interfaces) {}

bool BlockBuffer::append(const xdpcap_record& record, std::uint64_t clock_offset) {
  const std::uint32_t length = record.block_length;
  if (size_ != 0 && size_ + length + kDropCountSize > kBatchBytes) return false;

  const auto* source = reinterpret_cast<const std::byte*>(&record) + XDPCAP_RECORD_PREFIX;
  std::byte* block = nullptr;
  if (record.dropped == 0) [[likely]] {
    block = append_bytes(source, length);
  } else {
    block = append_bytes(source, length - kEndSize);
    DropCount option;
    const std::uint64_t dropped = record.dropped;
    std::memcpy(option.count.data(), &dropped, sizeof(dropped));
    append_bytes(&option, sizeof(option));
    append_bytes(source + length - kEndSize, kEndSize);
    set_length(block, length + kDropCountSize);
  }
  const std::uint64_t time =
      ((std::uint64_t{record.time_high} << 32U) | record.time_low) + clock_offset;
  const std::array<std::uint32_t, 2> halves = {static_cast<std::uint32_t>(time >> 32U),
                                               static_cast<std::uint32_t>(time)};
  std::memcpy(block + kTimeAt, halves.data(), sizeof(halves));
  ++packets_[record.interface_id];
  return true;
}

bool BlockBuffer::append(std::span<const std::byte> block) {
  if (size_ != 0 && size_ + block.size() > kBatchBytes) return false;
  append_bytes(block.data(), block.size());
  return true;
}

void BlockBuffer::clear() {
  size_ = 0;
  std::fill(packets_.begin(), packets_.end(), 0);
}

void BlockBuffer::keep_whole_blocks(std::size_t bytes) {
  std::fill(packets_.begin(), packets_.end(), 0);
  std::size_t kept = 0;
  while (kept < size_) {
    const std::byte* block = memory_.get() + kept;
    const auto length = read_word(block + kLengthAt);
    if (kept + length > bytes) break;
    if (read_word(block) == kPacketBlock) ++packets_[read_word(block + kInterfaceAt)];
    kept += length;
  }
  size_ = kept;
}

std::byte* BlockBuffer::append_bytes(const void* data, std::size_t size) {
  std::byte* to = memory_.get() + size_;
  std::memcpy(to, data, size);
  size_ += size;
  return to;
}

}  // namespace xdpcap
