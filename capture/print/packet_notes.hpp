// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

// PacketNote is the metadata of a packet that is printed with it.
struct PacketNote {
  std::string action;      // the name of its interface, without "XDP"
  std::string comment;     // its ingress, the program's reason, its fate; empty: none
  std::uint64_t time = 0;  // ns since 1970
  std::string mark;        // what its line begins with: another time, as tcpdump -tt prints it
  bool has_time = true;    // false: its lengths are impossible, which tcpdump prints instead
};

// PacketNotes parses this tool's own pcapng stream incrementally, and queues a note for each
// packet.
//
// Each packet gets another time, at random: its mark. A line that begins with the mark of the next
// packet is that packet's first line, whatever the lines before say; what is in packets (tcpdump
// -A) cannot imitate it.
class PacketNotes {
 public:
  void read(std::span<const std::byte> bytes);
  // The whole blocks that have been read since the last call; with `marked`, with the marks.
  std::vector<std::byte> take_blocks(bool marked);
  // Takes the note of the packet that a line of tcpdump's begins; nothing if it begins none. If
  // tcpdump said nothing of packets before it, their notes are removed.
  std::optional<PacketNote> take_for(std::string_view line);
  // Takes the oldest note; nothing if there is none.
  std::optional<PacketNote> take();

 private:
  struct Mark {
    std::size_t at;  // in blocks_
    std::uint32_t seconds;
    std::uint32_t microseconds;
  };

  void read_block(std::span<const std::byte> block);
  void read_packet(std::span<const std::byte> block);

  std::vector<std::byte> incomplete_;  // an incomplete block
  std::vector<std::byte> blocks_;
  std::vector<Mark> marks_;
  std::vector<std::string> interfaces_;
  std::deque<PacketNote> packets_;
  std::mt19937 random_{std::random_device{}()};
};

}  // namespace xdpcap
