// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace xdpcap {

// PacketNote is the metadata of a packet that is printed with it.
struct PacketNote {
  std::string action;   // the name of its interface, without "XDP"
  std::string comment;  // its ingress, the program's reason, its fate; empty: none
};

// PacketNotes parses this tool's own pcapng stream incrementally, and queues a note for each
// packet.
class PacketNotes {
 public:
  void read(std::span<const std::byte> bytes);
  // Takes the oldest note from the queue; empty if there is none.
  PacketNote next();

 private:
  void read_block(std::span<const std::byte> block);

  std::vector<std::byte> incomplete_;  // an incomplete block
  std::vector<std::string> interfaces_;
  std::deque<PacketNote> packets_;
};

}  // namespace xdpcap
