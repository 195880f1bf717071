// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.hpp"
#include "support/network.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

// PacketSocket sends frames unchanged from an interface, and receives those that reach the network
// stack through it: frames that XDP passed, or that were sent to it.
class PacketSocket {
 public:
  PacketSocket(const Namespace& where, const std::string& interface);

  // From now on frames leave by the transmit queue of the sender's CPU (packet(7):
  // PACKET_QDISC_BYPASS).
  void send_by_own_queue() const;
  void send(const Packet& frame) const;
  // The frames of this test (see test_frame) that have arrived; waits until there are `count`, or
  // until none has arrived for a while.
  [[nodiscard]] std::vector<Packet> receive(std::size_t count) const;

 private:
  UniqueFd fd_;
};

// A frame of a type that no network stack sends by itself, which begins with `first` (the action
// that lab programs return) and contains `number`.
Packet test_frame(std::uint8_t first, std::uint32_t number, std::size_t size = 100);
bool is_test_frame(const Packet& frame);

}  // namespace xdpcap::test
