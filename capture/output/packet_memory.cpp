// SPDX-License-Identifier: BSD-3-Clause
#include "output/packet_memory.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include "ring/rings.hpp"

namespace xdpcap {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;
// A chunk may lack this at its end: it has whole blocks.
constexpr std::size_t kLargestBlock = XDPCAP_RING_OVERHANG;

std::uint64_t sum(std::span<const std::uint64_t> numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
}

}  // namespace

// The chunks for `bytes`; one more, as the oldest is dropped as a whole; and a reserve, in which
// packets are kept while all the others are being written.
ChunkPool::Size PacketMemory::size_for(std::uint64_t bytes) {
  constexpr std::size_t kLeastReserve = 4;
  constexpr std::size_t kShareOfReserve = 8;
  const std::size_t chunk =
      std::bit_floor(std::clamp<std::uint64_t>(bytes / kShareOfReserve, kMiB, 4 * kMiB));
  const std::size_t needed = bytes / (chunk - kLargestBlock) + 2;
  return {.chunk_bytes = chunk,
          .count = needed + std::max(needed / kShareOfReserve, kLeastReserve)};
}

std::uint64_t PacketMemory::total_bytes(std::uint64_t bytes) {
  const ChunkPool::Size size = size_for(bytes);
  return std::uint64_t{size.count} * size.chunk_bytes;
}

PacketMemory::PacketMemory(std::uint64_t bytes, std::size_t interfaces)
    : PacketMemory(size_for(bytes), bytes, interfaces) {}

PacketMemory::PacketMemory(ChunkPool::Size size, std::uint64_t bytes, std::size_t interfaces)
    : pool_(size),
      provider_(pool_),
      bytes_(bytes),
      interfaces_(interfaces),
      chunks_(size.count, Chunk{.packets = std::vector<std::uint64_t>(interfaces)}),
      dropped_(interfaces) {
  pool_.begin_file(0, 0);
  for (std::size_t i = size.count; i > 0; --i) free_.push_back(i - 1);
  leaving_.reserve(size.count);
}

std::array<std::span<const std::byte>, 2> PacketMemory::keep(const Batch& batch) {
  if (kept_.empty() || chunks_[kept_.back()].clock_offset != clock_offset_) begin_chunk();
  const std::span<const std::uint64_t> all = batch.packets();
  const auto add = [&](std::span<const std::uint64_t> packets) {
    std::vector<std::uint64_t>& sum = chunks_[kept_.back()].packets;
    for (std::size_t i = 0; i < interfaces_; ++i) sum[i] += packets[i];
  };
  if (batch.size() <= room()) {
    add(all);
    return {copy(batch.pieces(), 0, batch.size())};
  }
  WholeBlocks first = whole_blocks(batch.pieces(), room(), interfaces_);
  add(first.packets);
  const auto begin = copy(batch.pieces(), 0, first.bytes);
  begin_chunk();
  for (std::size_t i = 0; i < interfaces_; ++i) first.packets[i] = all[i] - first.packets[i];
  add(first.packets);
  return {begin, copy(batch.pieces(), first.bytes, batch.size() - first.bytes)};
}

// Copies `bytes` bytes of the pieces, after the first `skip`.
std::span<const std::byte> PacketMemory::copy(std::span<const iovec> pieces, std::size_t skip,
                                              std::size_t bytes) {
  Chunk& chunk = chunks_[kept_.back()];
  std::byte* const begin = memory(kept_.back(), chunk.end);
  std::byte* to = begin;
  for (const iovec& piece : pieces) {
    const std::size_t skipped = std::min(skip, piece.iov_len);
    skip -= skipped;
    const std::size_t length = std::min(piece.iov_len - skipped, bytes);
    std::memcpy(to, static_cast<const std::byte*>(piece.iov_base) + skipped, length);
    to += length;
    bytes -= length;
  }
  const auto copied = static_cast<std::uint64_t>(to - begin);
  chunk.end += copied;
  kept_bytes_ += copied;
  position_ = chunk.end;
  pool_.note_filled(kept_.back(), chunk.end);
  return {begin, to};
}

std::byte* PacketMemory::memory(std::size_t chunk, std::uint64_t position) const {
  return pool_.at(chunk) + (position - chunks_[chunk].origin);
}

std::size_t PacketMemory::room() const {
  const Chunk& chunk = chunks_[kept_.back()];
  return pool_.chunk_bytes() - (chunk.end - chunk.origin);
}

// A batch is smaller than a chunk, so that committed() always leaves a free one for the next.
void PacketMemory::begin_chunk() {
  constexpr std::size_t kAhead = 16;
  provider_.provide(std::min(chunks_.size() - free_.size() + kAhead, chunks_.size()));
  kept_.push_back(free_.back());
  free_.pop_back();
  Chunk& chunk = chunks_[kept_.back()];
  chunk.origin = chunk.begin = chunk.end = position_;
  chunk.clock_offset = clock_offset_;
  std::fill(chunk.packets.begin(), chunk.packets.end(), 0);
  pool_.begin_chunk(kept_.back(), 0, position_);
}

PacketMemory::Dropped PacketMemory::committed(std::uint64_t oldest) {
  free_.insert(free_.end(), leaving_.begin(), leaving_.end());
  leaving_.clear();
  Dropped dropped = Dropped::nothing;
  while (kept_.size() > 1) {
    const Chunk& chunk = chunks_[kept_.front()];
    const bool outdated = newest_in(kept_.front()) - chunk.clock_offset < oldest;
    const bool enough = kept_bytes_ - (chunk.end - chunk.begin) >= bytes_;
    constexpr std::size_t kLeastFree = 2;
    if (!outdated && !enough && free_.size() + leaving_.size() >= kLeastFree) break;
    if (!outdated) dropped = enough ? Dropped::surplus : Dropped::scarce;
    drop_oldest();
  }
  return dropped;
}

void PacketMemory::drop_oldest() {
  const Chunk& chunk = chunks_[kept_.front()];
  for (std::size_t i = 0; i < interfaces_; ++i) dropped_[i] += chunk.packets[i];
  kept_bytes_ -= chunk.end - chunk.begin;
  leaving_.push_back(kept_.front());
  kept_.pop_front();
}

// Drops packets one by one, so that what is taken begins where the user expects it.
void PacketMemory::trim(std::uint64_t oldest, std::uint64_t most) {
  std::uint64_t packets = kept_packets();
  while (!kept_.empty()) {
    Chunk& chunk = chunks_[kept_.front()];
    while (chunk.begin < chunk.end) {
      const xdpcap_block& block = block_at(kept_.front(), chunk.begin);
      if (time_of(block) - chunk.clock_offset >= oldest && kept_bytes_ <= bytes_ && packets <= most)
        return;
      ++dropped_[block.interface_id];
      --chunk.packets[block.interface_id];
      --packets;
      kept_bytes_ -= block.block_length;
      chunk.begin += block.block_length;
    }
    drop_oldest();
  }
}

PacketMemory::Taken PacketMemory::take(std::uint64_t oldest, std::uint64_t most) {
  trim(oldest, most);
  Taken taken;
  taken.packets.resize(interfaces_);
  for (const std::size_t index : kept_) {
    const Chunk& chunk = chunks_[index];
    taken.blocks.push_back({memory(index, chunk.begin), chunk.end - chunk.begin});
    for (std::size_t i = 0; i < interfaces_; ++i) taken.packets[i] += chunk.packets[i];
    if (taken.first_time == 0) {
      taken.first_time = time_of(block_at(index, chunk.begin));
    }
    taken.last_time = newest_in(index);
  }
  taken_.assign(kept_.begin(), kept_.end());
  kept_.clear();
  kept_bytes_ = 0;
  return taken;
}

void PacketMemory::give_back() {
  leaving_.insert(leaving_.end(), taken_.begin(), taken_.end());
  taken_.clear();
}

void PacketMemory::clear() {
  while (!kept_.empty()) drop_oldest();
}

std::uint64_t PacketMemory::Taken::total_packets() const {
  return sum(packets);
}

std::uint64_t PacketMemory::kept_packets() const {
  std::uint64_t packets = 0;
  for (const std::size_t index : kept_) packets += sum(chunks_[index].packets);
  return packets;
}

std::uint64_t PacketMemory::packets_of(std::size_t interface) const {
  std::uint64_t packets = 0;
  for (const std::size_t index : kept_) packets += chunks_[index].packets[interface];
  for (const std::size_t index : taken_) packets += chunks_[index].packets[interface];
  return packets;
}

Checkpoint::KeptPackets PacketMemory::positions() const {
  Checkpoint::KeptPackets positions{.kept_from =
                                        kept_.empty() ? position_ : chunks_[kept_.front()].begin};
  if (taken_.empty()) return positions;
  positions.taken_from = chunks_[taken_.front()].begin;
  positions.taken_to = chunks_[taken_.back()].end;
  return positions;
}

const xdpcap_block& PacketMemory::block_at(std::size_t chunk, std::uint64_t position) const {
  return *reinterpret_cast<const xdpcap_block*>(memory(chunk, position));
}

// A block ends with its length.
std::uint64_t PacketMemory::newest_in(std::size_t chunk) const {
  const std::uint64_t end = chunks_[chunk].end;
  std::uint32_t length = 0;
  std::memcpy(&length, memory(chunk, end - sizeof(length)), sizeof(length));
  return time_of(block_at(chunk, end - length));
}

void PacketMemory::resume(const Checkpoint::KeptPackets& positions, std::uint64_t end,
                          std::span<const std::uint64_t> dropped) {
  dropped_.assign(dropped.begin(), dropped.end());
  kept_.clear();
  taken_.clear();
  leaving_.clear();
  kept_bytes_ = 0;
  find_again(positions.taken_from, positions.taken_to);
  find_again(positions.kept_from, end);
  position_ = end;
  free_.clear();
  for (std::size_t i = chunks_.size(); i > 0; --i) {
    if (std::find(kept_.begin(), kept_.end(), i - 1) == kept_.end()) free_.push_back(i - 1);
  }
}

// The chunks from one position to another, which have no gaps.
void PacketMemory::find_again(std::uint64_t from, std::uint64_t to) {
  pool_.note_on_disk(0, from);
  for (const iovec& piece : pool_.pending(0, to)) {
    const auto* memory = static_cast<const std::byte*>(piece.iov_base);
    const auto offset = static_cast<std::uint64_t>(memory - pool_.at(0));
    const std::size_t index = offset / pool_.chunk_bytes();
    chunks_[index] = {.origin = from - offset % pool_.chunk_bytes(),
                      .begin = from,
                      .end = from + piece.iov_len,
                      .clock_offset = clock_offset_,
                      .packets = whole_blocks({&piece, 1}, piece.iov_len, interfaces_).packets};
    from += piece.iov_len;
    kept_bytes_ += piece.iov_len;
    kept_.push_back(index);
  }
}

}  // namespace xdpcap
