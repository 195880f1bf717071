// SPDX-License-Identifier: BSD-3-Clause
#include "output/chunk_pool.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <utility>

namespace xdpcap {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20U;

constexpr const char* kDoing = "making room for what is to be written to the file";

// The guardian reads what this process stored before it was killed, in the same order.
void store(std::uint64_t& to, std::uint64_t value) {
  std::atomic_ref(to).store(value, std::memory_order_release);
}

std::uint64_t load(std::uint64_t& from) {
  return std::atomic_ref(from).load(std::memory_order_acquire);
}

}  // namespace

// With chunks of 4 MiB, a disk reaches its rate with one write at a time, and a thread is woken
// rarely; a few of them bridge the disk's pauses.
ChunkPool::Size ChunkPool::default_size(std::uint64_t memory) {
  constexpr std::uint64_t kMost = 512 * kMiB;
  constexpr std::size_t kLeastChunks = 3;
  const std::uint64_t share = std::min<std::uint64_t>(memory / 64, kMost);
  const std::size_t bytes = std::bit_floor(std::clamp<std::size_t>(share / 8, kMiB, 4 * kMiB));
  return {.chunk_bytes = bytes, .count = std::max<std::size_t>(share / bytes, kLeastChunks)};
}

ChunkPool::ChunkPool(Size size)
    : size_(size),
      head_(Mapping::shared(2 * sizeof(File) + size.count * sizeof(Chunk), kDoing)),
      memory_(shared_memory(size.count * size.chunk_bytes, kDoing)) {}

std::byte* ChunkPool::at(std::size_t index) const {
  return memory_.at(index * size_.chunk_bytes);
}

void ChunkPool::begin_file(std::uint64_t number, std::uint64_t position) {
  store(file(number).on_disk, position);
  store(file(number).number, number);
}

void ChunkPool::begin_chunk(std::size_t index, std::uint64_t number, std::uint64_t position) {
  store(chunk(index).end, 0);
  store(chunk(index).file, number);
  store(chunk(index).begin, position);
  store(chunk(index).end, position);
}

void ChunkPool::note_filled(std::size_t index, std::uint64_t position) {
  store(chunk(index).end, position);
}

void ChunkPool::note_on_disk(std::uint64_t number, std::uint64_t position) {
  store(file(number).on_disk, position);
}

std::uint64_t ChunkPool::on_disk(std::uint64_t number) const {
  return load(file(number).on_disk);
}

std::vector<iovec> ChunkPool::pending(std::uint64_t number, std::uint64_t end) const {
  std::vector<std::pair<std::uint64_t, iovec>> parts;
  if (load(file(number).number) != number) return {};
  for (std::size_t i = 0; i < size_.count; ++i) {
    if (load(chunk(i).file) != number) continue;
    const std::uint64_t begin = load(chunk(i).begin);
    const std::uint64_t from = std::max(begin, on_disk(number));
    const std::uint64_t to = std::min(load(chunk(i).end), end);
    if (from < to) parts.emplace_back(from, iovec{at(i) + (from - begin), to - from});
  }
  std::sort(parts.begin(), parts.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<iovec> pieces;
  pieces.reserve(parts.size());
  for (const auto& part : parts) pieces.push_back(part.second);
  return pieces;
}

}  // namespace xdpcap
