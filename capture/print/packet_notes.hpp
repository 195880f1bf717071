// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace xdpcap {

// PacketNote is what the file says of a packet beside its bytes.
struct PacketNote {
  std::string action;   // the name of its interface, without "XDP"
  std::string comment;  // its fate, its ingress; empty: none
};

// PacketNotes reads a pcapng stream of ours piece by piece and keeps a note of each packet.
class PacketNotes {
 public:
  void read(std::span<const std::byte> bytes);
  // That of the oldest packet that was not asked for yet; empty when there is none.
  PacketNote next();

 private:
  void read_block(std::span<const std::byte> block);

  std::vector<std::byte> begun_;  // of the block that is not there in full
  std::vector<std::string> interfaces_;
  std::deque<PacketNote> packets_;
};

}  // namespace xdpcap
