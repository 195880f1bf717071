// SPDX-License-Identifier: BSD-3-Clause
// Blocks of a pcapng file (draft-ietf-opsawg-pcapng) in host byte order. Captured packets leave the
// kernel as blocks, in which only the time, a fate and a reason are replaced (recorder/record.h,
// output/batch.hpp); Packet is for those of --replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace xdpcap::pcapng {

using Bytes = std::vector<std::byte>;

// Section Header Block (section 4.1): the beginning of a file.
struct Section {
  std::string hardware;
  std::string os;
  std::string application;
  std::string comment = {};  // empty: none
};
Bytes section_header(const Section& section);

// Interface Description Block (section 4.2). Timestamps of its packets are in ns.
struct Interface {
  std::string name;
  std::string description;
  std::string filter;  // the text the user typed; empty: no if_filter option
  std::string os;
  std::uint16_t link_type = 1;  // LINKTYPE_*, as files number them
  std::uint32_t snaplen = 0;    // 0: no limit
  std::string comment = {};     // empty: none
};
Bytes interface_description(const Interface& interface);

// Interface Statistics Block (section 4.6): what happened to the packets of an interface.
// matched = written + lost, plus packets that were not selected. Times are in ns since 1970.
struct Statistics {
  std::uint32_t interface_id = 0;
  std::uint64_t start_time = 0;
  std::uint64_t end_time = 0;
  std::uint64_t received = 0;  // isb_ifrecv
  std::uint64_t matched = 0;   // isb_filteraccept
  std::uint64_t lost = 0;      // isb_ifdrop, as in dumpcap and Wireshark
  std::uint64_t written = 0;   // isb_usrdeliv
  std::string comment = {};    // empty: none
};
Bytes interface_statistics(const Statistics& statistics);

// Enhanced Packet Block (section 4.3). The block begins as a struct xdpcap_block does.
struct Packet {
  std::uint32_t interface_id = 0;
  std::uint64_t time = 0;  // ns since 1970
  std::span<const std::byte> bytes;
  std::uint32_t original_length = 0;
  std::uint64_t id = 0;                  // epb_packetid: the same for the same packet elsewhere
  std::optional<std::uint32_t> verdict;  // epb_verdict of XDP: the action
  std::string comment = {};              // empty: none
};
Bytes enhanced_packet(const Packet& packet);

// A comment as an option of a block, padded (section 3.5).
Bytes comment_option(const std::string& text);

}  // namespace xdpcap::pcapng
