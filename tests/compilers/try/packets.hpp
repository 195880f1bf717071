// SPDX-License-Identifier: BSD-3-Clause
// The packets that the programs are run on: from the repository's captures, whole and truncated.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap {

struct Packet {
  std::string name;  // "vlan.pcap packet 3, 60 bytes"
  std::vector<std::uint8_t> bytes;
};

// From every Ethernet capture in the folder. Throws Error.
std::vector<Packet> read_packets(const std::string& folder);

}  // namespace xdpcap
