// SPDX-License-Identifier: BSD-3-Clause
// A capture as a list of packets and counts, read according to the pcapng specification only
// (draft-ietf-opsawg-pcapng).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace xdpcap::chaos {

struct StreamPacket {
  unsigned action = 0;
  std::uint64_t time = 0;
  std::uint32_t length = 0;           // on the wire
  std::vector<std::uint8_t> bytes{};  // what was captured of it
};

// The counts of one action: matched = written + not selected + lost.
struct Account {
  std::uint64_t received = 0;
  std::uint64_t matched = 0;
  std::uint64_t written = 0;
  std::uint64_t lost = 0;

  Account& operator+=(const Account& other);
};

struct Stream {
  std::vector<StreamPacket> packets;
  std::map<unsigned, Account> statistics;  // by action; empty if they are missing
  bool cut = false;                        // ends in the middle of a block
};

// Throws Failure if it is not valid pcapng.
Stream read_stream(const std::string& bytes);

}  // namespace xdpcap::chaos
