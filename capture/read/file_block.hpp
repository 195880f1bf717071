// SPDX-License-Identifier: BSD-3-Clause
// The pieces of a capture file, whatever its format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

struct FileInterface {
  std::string name;             // empty: none
  std::string description;      // empty: none
  std::uint16_t link_type = 1;  // LINKTYPE_*
  std::uint32_t snaplen = 0;    // 0: no limit
  // How times are converted to ns since 1970: in units of 10^-digits or, if `binary`, 2^-digits s.
  bool binary = false;
  std::uint8_t digits = 6;
  std::int64_t offset = 0;  // seconds
};

struct FilePacket {
  std::uint32_t interface = 0;
  std::uint64_t time = 0;  // ns since 1970
  std::span<const std::byte> bytes;
  std::uint32_t original_length = 0;
  std::optional<std::uint64_t> verdict;    // epb_verdict of XDP: the action
  std::vector<std::string_view> comments;  // opt_comment, in the file's order
};

// A block of pcapng; of pcap, the header (a section) or a packet with its header.
struct FileBlock {
  enum class Kind : std::uint8_t { section, interface, packet, statistics, other };
  Kind kind = Kind::other;
  std::span<const std::byte> raw;  // as it is in the file
  FilePacket packet;               // only of a packet
};

// Longer blocks are corrupt; libpcap's limit, too.
inline constexpr std::uint32_t kLongestBlock = std::uint32_t{16} << 20U;

}  // namespace xdpcap
