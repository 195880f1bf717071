// SPDX-License-Identifier: BSD-3-Clause
// The newest packets of a capture, in memory.
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "output/batch.hpp"
#include "output/checkpoint.hpp"
#include "output/chunk_pool.hpp"
#include "output/chunk_provider.hpp"

namespace xdpcap {

// PacketMemory copies packets into chunks, and drops the oldest chunk when there are newer packets
// enough. What it has kept may be taken out, to be written while newer packets are kept in the
// other chunks. Positions are bytes of packets since the capture began.
//
// The chunks are shared with the guardian. A chunk that has been dropped is used again only after
// committed(): until then it is what the guardian's state says.
//
//   kept                                taken                     leaving          free
//   oldest, ..., the one being filled   being written to a file   until committed()
class PacketMemory {
 public:
  // `bytes` of the newest packets are kept for certain. Throws Error.
  PacketMemory(std::uint64_t bytes, std::size_t interfaces);
  // The memory that this takes.
  static std::uint64_t total_bytes(std::uint64_t bytes);

  // From now on, packets have dates that are CLOCK_MONOTONIC plus this, modulo 2^64.
  void set_clock_offset(std::uint64_t offset) { clock_offset_ = offset; }
  // Appends a batch of packets, in order of time. Returns the new blocks in memory: one span, or
  // two.
  std::array<std::span<const std::byte>, 2> keep(const Batch& batch);
  enum class Dropped : std::uint8_t {
    nothing,  // or only what is older than it has to be
    surplus,  // newer packets are enough
    scarce,   // fewer than that are left: there is no room beside what is being written
  };
  // Everything so far is in the guardian's state: drops what is not needed any more, packets older
  // than `oldest` among them (CLOCK_MONOTONIC in ns).
  Dropped committed(std::uint64_t oldest);

  // Packets that have been taken out.
  struct Taken {
    std::vector<iovec> blocks;
    std::vector<std::uint64_t> packets;  // by interface
    std::uint64_t first_time = 0;        // ns since 1970
    std::uint64_t last_time = 0;
    [[nodiscard]] std::uint64_t total_packets() const;
  };
  // Takes all packets that are not older than `oldest`, but no more than the newest of `most`; the
  // older ones are dropped. give_back() must come before the next take().
  Taken take(std::uint64_t oldest, std::uint64_t most);
  // What was taken is not needed any more.
  void give_back();
  // Drops everything.
  void clear();

  // Packets dropped so far, by interface.
  [[nodiscard]] std::span<const std::uint64_t> dropped() const { return dropped_; }
  [[nodiscard]] std::uint64_t kept_packets() const;
  // Packets of an interface that are kept or taken.
  [[nodiscard]] std::uint64_t packets_of(std::size_t interface) const;
  // Where the packets are that are taken or kept, and where they end.
  [[nodiscard]] Checkpoint::KeptPackets positions() const;
  [[nodiscard]] std::uint64_t end() const { return position_; }

  // In the guardian: has what the capture had, and continues there.
  void resume(const Checkpoint::KeptPackets& positions, std::uint64_t end,
              std::span<const std::uint64_t> dropped);

 private:
  struct Chunk {
    std::uint64_t origin = 0;  // the position of its memory
    std::uint64_t begin = 0;   // of the first packet that is left
    std::uint64_t end = 0;
    std::uint64_t clock_offset = 0;      // of all its packets
    std::vector<std::uint64_t> packets;  // by interface
  };
  PacketMemory(ChunkPool::Size size, std::uint64_t bytes, std::size_t interfaces);
  static ChunkPool::Size size_for(std::uint64_t bytes);
  std::span<const std::byte> copy(std::span<const iovec> pieces, std::size_t skip,
                                  std::size_t bytes);
  void begin_chunk();
  void find_again(std::uint64_t from, std::uint64_t to);
  void drop_oldest();
  void trim(std::uint64_t oldest, std::uint64_t most);
  [[nodiscard]] std::size_t room() const;
  [[nodiscard]] std::byte* memory(std::size_t chunk, std::uint64_t position) const;
  [[nodiscard]] const xdpcap_block& block_at(std::size_t chunk, std::uint64_t position) const;
  // The date of its last packet.
  [[nodiscard]] std::uint64_t newest_in(std::size_t chunk) const;

  ChunkPool pool_;
  ChunkProvider provider_;
  std::uint64_t bytes_;
  std::size_t interfaces_;
  std::vector<Chunk> chunks_;
  std::deque<std::size_t> kept_;
  std::vector<std::size_t> taken_;
  std::vector<std::size_t> leaving_;
  std::vector<std::size_t> free_;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t clock_offset_ = 0;
  std::vector<std::uint64_t> dropped_;
};

}  // namespace xdpcap
