// SPDX-License-Identifier: BSD-3-Clause
// The input is a capture file for -r, read in pieces. It is read to its end or refused with an
// Error; packets that libpcap reads, too, have the same contents there.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/unique_fd.hpp"
#include "print/packet_notes.hpp"
#include "read/capture_stream.hpp"
#include "read/packet_words.hpp"
#include "read/printed_blocks.hpp"
#include "replay/capture_reader.hpp"

namespace {

using namespace xdpcap;

struct Packet {
  std::vector<std::byte> bytes;
  std::uint32_t original_length;
};

class Pieces {
 public:
  explicit Pieces(std::span<const std::byte> file) : left_(file) {}
  std::size_t operator()(std::span<std::byte> into) {
    constexpr std::size_t kPiece = 61;
    const std::size_t count = std::min({left_.size(), kPiece, into.size()});
    std::copy_n(left_.begin(), count, into.begin());
    left_ = left_.subspan(count);
    return count;
  }

 private:
  std::span<const std::byte> left_;
};

void look_at(const FilePacket& packet, const FileInterface& interface) {
  (void)action_of(packet, interface);
  (void)fate_of(packet);
  (void)given_reason(packet);
  (void)comment_of(packet);
}

// Of the packets before the first error; the raw blocks are the file, from its beginning.
struct Reading {
  std::vector<Packet> packets;
  bool to_the_end = false;
};

Reading read_ours(std::span<const std::byte> file) {
  Reading reading;
  PrintedBlocks printed;
  try {
    CaptureStream stream((Pieces(file)));
    while (const auto block = stream.next()) {
      if (block->raw.size() > file.size() ||
          !std::equal(block->raw.begin(), block->raw.end(), file.begin())) {
        std::abort();
      }
      file = file.subspan(block->raw.size());
      if (block->kind != FileBlock::Kind::packet) continue;
      const FilePacket& packet = block->packet;
      reading.packets.push_back(
          {{packet.bytes.begin(), packet.bytes.end()}, packet.original_length});
      look_at(packet, stream.interfaces().at(packet.interface));
      printed.add(packet, stream.interfaces().at(packet.interface));
    }
    reading.to_the_end = true;
  } catch (const Error&) {
    // What was read before it counts.
  }
  PacketNotes notes;
  notes.read(printed.bytes());
  if (notes.take_blocks(true).size() != printed.bytes().size()) std::abort();
  std::uint64_t count = 0;
  while (notes.take()) ++count;
  if (count != printed.packets()) std::abort();
  return reading;
}

std::vector<Packet> read_libpcaps(const std::string& path) {
  std::vector<Packet> packets;
  try {
    CaptureReader source(path);
    while (const auto packet = source.next()) {
      packets.push_back({{packet->bytes.begin(), packet->bytes.end()}, packet->original_length});
    }
  } catch (const Error&) {
    return packets;
  }
  return packets;
}

bool is_compressed(std::span<const std::byte> file) {
  return file.size() > 1 &&
         (file[0] == std::byte{0x1f} || file[0] == std::byte{0x28} || file[0] == std::byte{0x04});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::as_bytes(std::span(data, size));
  const auto [ours, to_the_end] = read_ours(file);
  if (is_compressed(file)) return 0;
  const UniqueFd memory(::memfd_create("capture", 0));
  if (std::cmp_not_equal(::write(memory.get(), data, size), size)) std::abort();
  const auto theirs = read_libpcaps("/proc/self/fd/" + std::to_string(memory.get()));
  // It accepts a few things that are corrupt here, and cuts packets that exceed the snaplen.
  if (to_the_end && theirs.size() > ours.size()) std::abort();
  for (std::size_t i = 0; i < std::min(ours.size(), theirs.size()); ++i) {
    const auto& [bytes, original_length] = theirs[i];
    if (bytes.size() > ours[i].bytes.size()) std::abort();
    if (!std::equal(bytes.begin(), bytes.end(), ours[i].bytes.begin())) std::abort();
    if (original_length != ours[i].original_length) std::abort();
  }
  return 0;
}
