// SPDX-License-Identifier: BSD-3-Clause
// Ethernet frames with IPv4, for a network stack.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "support/packet.hpp"

namespace xdpcap::test {

using MacAddress = std::array<std::uint8_t, 6>;
inline constexpr MacAddress kLeftMac = {2, 0, 0, 0, 0, 1};
inline constexpr MacAddress kMiddleMac = {2, 0, 0, 0, 0, 2};
// "02:00:00:00:00:01".
std::string text(const MacAddress& address);

struct FrameSpec {
  MacAddress to_mac = kMiddleMac;
  const char* from = "10.0.0.1";
  const char* to = "10.0.0.2";
  std::uint16_t port = 9;
  bool good_checksum = true;  // of UDP or TCP
  std::uint32_t number = 0;   // in the payload
};

Packet udp_frame(const FrameSpec& spec);
// A SYN.
Packet tcp_frame(const FrameSpec& spec);

}  // namespace xdpcap::test
