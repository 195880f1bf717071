// SPDX-License-Identifier: BSD-3-Clause
// Counts the packets in any tool's capture: pcap or pcapng, in host byte order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace xdpcap::bench {

struct PacketCount {
  std::uint64_t packets = 0;
  std::uint64_t drops = 0;  // according to epb_dropcount options (pcapng)
  bool sorted = true;       // no packet is older than the one before it
  bool complete = true;     // the capture ends where a packet or block does
};

PacketCount count_packets(std::span<const std::byte> capture);

}  // namespace xdpcap::bench
