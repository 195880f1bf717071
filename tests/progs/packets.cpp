// SPDX-License-Identifier: BSD-3-Clause
#include "progs/packets.hpp"

#include <arpa/inet.h>

#include <cstddef>
#include <numeric>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap::test {
namespace {

void put16(Bytes& bytes, unsigned value) {
  bytes.push_back(static_cast<std::uint8_t>(value >> 8));
  bytes.push_back(static_cast<std::uint8_t>(value));
}

void set16(Bytes& bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::uint8_t>(value >> 8);
  bytes.at(at + 1) = static_cast<std::uint8_t>(value);
}

unsigned get16(const Bytes& bytes, std::size_t at) {
  return bytes.at(at) << 8 | bytes.at(at + 1);
}

void append(Bytes& bytes, const Bytes& more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Bytes address(int family, const std::string& text) {
  Bytes binary(family == AF_INET ? 4 : 16);
  if (inet_pton(family, text.c_str(), binary.data()) != 1) throw Error("no address: " + text);
  return binary;
}

std::uint32_t sum16(const Bytes& data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < data.size(); i++) sum += i % 2 == 0 ? data[i] << 8 : data[i];
  return sum;
}

// Of source and destination address, length and protocol: RFC 9293 3.1, RFC 8200 8.1.
std::uint32_t pseudo_header(const Bytes& addresses, std::uint8_t protocol, std::size_t length) {
  return sum16(addresses) + protocol + static_cast<std::uint32_t>(length);
}

// Where a transport header has its checksum, or nowhere (0).
std::size_t checksum_offset(std::uint8_t protocol) {
  if (protocol == IPPROTO_TCP) return 16;
  if (protocol == IPPROTO_UDP) return 6;
  if (protocol == IPPROTO_ICMPV6) return 2;
  return 0;
}

Bytes with_checksum(Bytes transport, std::uint8_t protocol, const Bytes& addresses) {
  const std::size_t at = checksum_offset(protocol);
  if (at == 0 || transport.size() < at + 2) return transport;
  set16(transport, at, 0);
  set16(transport, at,
        internet_checksum(transport, pseudo_header(addresses, protocol, transport.size())));
  return transport;
}

}  // namespace

Bytes bytes(std::size_t count) {
  Bytes counted(count);
  std::iota(counted.begin(), counted.end(), std::uint8_t{0});
  return counted;
}

std::uint16_t internet_checksum(const Bytes& data, std::uint32_t start) {
  std::uint32_t sum = start + sum16(data);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

Bytes ethernet(std::uint16_t type, const Bytes& payload) {
  Bytes frame = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
  put16(frame, type);
  append(frame, payload);
  return frame;
}

Bytes mac(const std::string& text) {
  Bytes binary;
  for (const std::string_view part : split(text, ':')) {
    binary.push_back(static_cast<std::uint8_t>(std::stoul(std::string(part), nullptr, 16)));
  }
  return binary;
}

Bytes vlan(std::uint16_t id, std::uint16_t type, const Bytes& payload) {
  Bytes tagged;
  put16(tagged, id);
  put16(tagged, type);
  append(tagged, payload);
  return tagged;
}

Bytes ipv4(const std::string& source, const std::string& destination, std::uint8_t protocol,
           const Bytes& payload, std::uint16_t fragment, const Bytes& options) {
  Bytes addresses = address(AF_INET, source);
  append(addresses, address(AF_INET, destination));
  const std::size_t header_size = 20 + options.size();

  Bytes packet = {static_cast<std::uint8_t>(0x40 | header_size / 4), 0};
  put16(packet, static_cast<unsigned>(header_size + payload.size()));
  put16(packet, 0x1234);  // identification
  put16(packet, fragment);
  append(packet, {64, protocol, 0, 0});
  append(packet, addresses);
  append(packet, options);
  set16(packet, 10, internet_checksum(packet));
  append(packet, fragment == 0 ? with_checksum(payload, protocol, addresses) : payload);
  return packet;
}

Bytes ipv6(const std::string& source, const std::string& destination, std::uint8_t next_header,
           const Bytes& payload) {
  Bytes addresses = address(AF_INET6, source);
  append(addresses, address(AF_INET6, destination));

  Bytes packet = {0x60, 0, 0, 0};
  put16(packet, static_cast<unsigned>(payload.size()));
  append(packet, {next_header, 64});
  append(packet, addresses);
  append(packet, with_checksum(payload, next_header, addresses));
  return packet;
}

Bytes ipv6_extension(std::uint8_t next_header, const Bytes& rest, const Bytes& payload) {
  Bytes extension = {next_header, 0};
  append(extension, rest);
  extension.resize((extension.size() + 7) / 8 * 8);
  extension[1] = static_cast<std::uint8_t>(extension.size() / 8 - 1);
  append(extension, payload);
  return extension;
}

Bytes icmp_echo(std::uint16_t sequence, const Bytes& payload, std::uint8_t type) {
  Bytes message = {type, 0, 0, 0, 0, 7};
  put16(message, sequence);
  append(message, payload);
  set16(message, 2, internet_checksum(message));
  return message;
}

Bytes udp(std::uint16_t source, std::uint16_t destination, const Bytes& payload) {
  Bytes datagram;
  put16(datagram, source);
  put16(datagram, destination);
  put16(datagram, static_cast<unsigned>(8 + payload.size()));
  put16(datagram, 0);
  append(datagram, payload);
  return datagram;
}

Bytes tcp(std::uint16_t source, std::uint16_t destination, std::uint8_t flags,
          const Bytes& payload) {
  Bytes segment;
  put16(segment, source);
  put16(segment, destination);
  append(segment, {0, 0, 0, 1, 0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
  append(segment, payload);
  return segment;
}

bool checksums_right(const Bytes& packet) {
  const bool v4 = packet.at(0) >> 4 == 4;
  const std::size_t header_size = v4 ? (packet[0] & 0xfU) * 4 : 40;
  const std::size_t total = v4 ? get16(packet, 2) : 40 + get16(packet, 4);
  const Bytes header(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(header_size));
  if (v4 && internet_checksum(header) != 0) return false;
  if (total > packet.size()) return false;

  const std::uint8_t protocol = packet[v4 ? 9 : 6];
  const Bytes addresses(header.begin() + (v4 ? 12 : 8), header.begin() + (v4 ? 20 : 40));
  const Bytes transport(packet.begin() + static_cast<std::ptrdiff_t>(header_size),
                        packet.begin() + static_cast<std::ptrdiff_t>(total));
  if (protocol == IPPROTO_ICMP) return internet_checksum(transport) == 0;
  if (checksum_offset(protocol) == 0) return true;
  return internet_checksum(transport, pseudo_header(addresses, protocol, transport.size())) == 0;
}

std::vector<Bytes> beginnings(const Bytes& frame) {
  std::vector<Bytes> all;
  for (std::size_t size = 14; size < frame.size(); size++) {
    all.emplace_back(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return all;
}

Bytes without_front(const Bytes& packet, std::size_t count) {
  return {packet.begin() + static_cast<std::ptrdiff_t>(count), packet.end()};
}

}  // namespace xdpcap::test
