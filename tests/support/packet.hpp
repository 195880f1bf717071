// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xdpcap::test {

using Packet = std::vector<std::uint8_t>;

// A packet of `size` bytes, each of which depends on its position and on `seed`.
inline Packet numbered_packet(std::size_t size, std::uint8_t seed = 0) {
  Packet packet(size);
  for (std::size_t i = 0; i < size; ++i) {
    packet[i] = static_cast<std::uint8_t>(seed + i * 7 + i / 256);
  }
  return packet;
}

}  // namespace xdpcap::test
