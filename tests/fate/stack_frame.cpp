// SPDX-License-Identifier: BSD-3-Clause
#include "fate/stack_frame.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdio>

namespace xdpcap::test {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIp = 20;
constexpr std::uint16_t kFromPort = 5000;

void put16(Packet& packet, std::size_t at, std::size_t value) {
  packet.at(at) = static_cast<std::uint8_t>(value >> 8U);
  packet.at(at + 1) = static_cast<std::uint8_t>(value);
}

void put_address(Packet& packet, std::size_t at, const char* text) {
  ::inet_pton(AF_INET, text, &packet.at(at));
}

// The sum of 16-bit words (RFC 1071), not yet complemented.
std::uint32_t sum(const Packet& packet, std::size_t begin, std::size_t end) {
  std::uint32_t words = 0;
  for (std::size_t at = begin; at < end; at += 2) {
    words += static_cast<std::uint32_t>(packet.at(at) << 8U);
    if (at + 1 < end) words += packet.at(at + 1);
  }
  return words;
}

std::uint16_t checksum(std::uint32_t words) {
  while (words > 0xffff) words = (words & 0xffffU) + (words >> 16U);
  return static_cast<std::uint16_t>(~words);
}

// With an IP header before `transport`, which gets its checksum at `at`.
Packet frame(const FrameSpec& spec, std::uint8_t protocol, const Packet& transport,
             std::size_t at) {
  Packet packet(kEthernet + kIp);
  std::copy(spec.to_mac.begin(), spec.to_mac.end(), packet.begin());
  std::copy(kLeftMac.begin(), kLeftMac.end(), packet.begin() + 6);
  put16(packet, 12, 0x0800);
  packet[kEthernet] = 0x45;
  put16(packet, kEthernet + 2, kIp + transport.size());
  packet[kEthernet + 8] = 64;
  packet[kEthernet + 9] = protocol;
  put_address(packet, kEthernet + 12, spec.from);
  put_address(packet, kEthernet + 16, spec.to);
  put16(packet, kEthernet + 10, checksum(sum(packet, kEthernet, kEthernet + kIp)));
  packet.insert(packet.end(), transport.begin(), transport.end());
  const auto length = static_cast<std::uint32_t>(transport.size());
  const std::uint32_t words = sum(packet, kEthernet + 12, packet.size()) + protocol + length;
  const std::uint16_t good = checksum(words);
  put16(packet, kEthernet + kIp + at, spec.good_checksum ? good : good ^ 0x1234U);
  return packet;
}

}  // namespace

std::string text(const MacAddress& address) {
  std::string all;
  for (const std::uint8_t byte : address) {
    std::array<char, 4> digits{};
    std::snprintf(digits.data(), digits.size(), "%02x:", byte);
    all += digits.data();
  }
  all.pop_back();
  return all;
}

Packet udp_frame(const FrameSpec& spec) {
  // The kernel leaves checksums of short packets to nobody else (CHECKSUM_BREAK, 76 bytes).
  constexpr std::size_t kPayload = 100;
  Packet udp(8 + kPayload);
  put16(udp, 0, kFromPort);
  put16(udp, 2, spec.port);
  put16(udp, 4, udp.size());
  put16(udp, 8, spec.number >> 16U);
  put16(udp, 10, spec.number);
  constexpr std::size_t kChecksum = 6;
  return frame(spec, IPPROTO_UDP, udp, kChecksum);
}

Packet tcp_frame(const FrameSpec& spec) {
  Packet tcp(20);
  put16(tcp, 0, kFromPort);
  put16(tcp, 2, spec.port);
  put16(tcp, 6, spec.number);
  tcp[12] = 5U << 4U;  // words of header
  tcp[13] = 2;         // SYN
  put16(tcp, 14, 1000);
  constexpr std::size_t kChecksum = 16;
  return frame(spec, IPPROTO_TCP, tcp, kChecksum);
}

}  // namespace xdpcap::test
