// SPDX-License-Identifier: BSD-3-Clause
// Packets, built from the inside out: each function prepends its header to the given payload and
// fills in lengths and checksums.
//
//   ethernet(0x0800, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_ICMP, icmp_echo(1, bytes(56))))
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace xdpcap::test {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint16_t kArp = 0x0806;
constexpr std::uint8_t kTcpSyn = 0x02;
constexpr std::uint8_t kTcpAck = 0x10;

// `count` bytes 0, 1, 2, ...
Bytes bytes(std::size_t count);

// From 02:00:00:00:00:02 to 02:00:00:00:00:01.
Bytes ethernet(std::uint16_t type, const Bytes& payload);
// "02:00:00:00:00:01" as bytes.
Bytes mac(const std::string& text);
// An 802.1Q tag: the payload of an ethernet(0x8100, ...).
Bytes vlan(std::uint16_t id, std::uint16_t type, const Bytes& payload);

// The transport checksum of UDP and TCP is filled in by ipv4() and ipv6(), and that of ICMPv6.
Bytes ipv4(const std::string& source, const std::string& destination, std::uint8_t protocol,
           const Bytes& payload, std::uint16_t fragment = 0, const Bytes& options = {});
Bytes ipv6(const std::string& source, const std::string& destination, std::uint8_t next_header,
           const Bytes& payload);
// `rest` fills the extension header up from its third byte, to a multiple of 8 bytes.
Bytes ipv6_extension(std::uint8_t next_header, const Bytes& rest, const Bytes& payload);

Bytes icmp_echo(std::uint16_t sequence, const Bytes& payload = {}, std::uint8_t type = 8);
Bytes udp(std::uint16_t source, std::uint16_t destination, const Bytes& payload);
Bytes tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags,
          const Bytes& payload);

// RFC 1071, over `data` followed by zero if odd: 0 for data that contains its right checksum.
std::uint16_t internet_checksum(const Bytes& data, std::uint32_t start = 0);

// Whether the IPv4 header checksum, and that of the transport header in it, are right. `packet`
// begins with the IPv4 or IPv6 header.
bool checksums_right(const Bytes& packet);

// Each proper beginning of a frame, from Ethernet's 14 bytes up: what a runt may look like.
std::vector<Bytes> beginnings(const Bytes& frame);

// `packet` without its first `count` bytes.
Bytes without_front(const Bytes& packet, std::size_t count);

}  // namespace xdpcap::test
