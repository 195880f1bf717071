// SPDX-License-Identifier: BSD-3-Clause
// Reads capture files with the programs that users use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/packet.hpp"

namespace xdpcap::test {

// A packet as Wireshark decodes it.
struct ReadPacket {
  std::string interface;
  std::string verdict;  // as a number
  std::string queue;
  std::string direction;
  std::string drop_count;
  std::string comment;
  std::string id;  // epb_packetid
  std::uint64_t length = 0;
  std::uint64_t captured = 0;
  std::uint64_t time = 0;  // ns since 1970
};

// tshark's view of every packet. Throws Error if tshark reports any problem with the file.
std::vector<ReadPacket> read_with_tshark(const std::string& path);

// libpcap's view: the bytes of every packet. Throws Error if libpcap reports any problem.
std::vector<Packet> read_bytes(const std::string& path);

// The first value that capinfos prints after "<field>:" or "<field> =". Throws Error if capinfos
// reports any problem with the file.
std::string capinfos(const std::string& path, const std::string& field);

}  // namespace xdpcap::test
