// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "support/hooked_program.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {

// Flood sends packets through a program all the time until it goes, each of `packets` from a thread
// of its own.
class Flood {
 public:
  Flood(const HookedProgram& program, std::vector<Packet> packets) {
    for (Packet& packet : packets) {
      threads_.emplace_back([&program, packet = std::move(packet)](const std::stop_token& stop) {
        constexpr std::uint32_t kBurst = 500;
        while (!stop.stop_requested()) program.run(packet, kBurst);
      });
    }
  }

 private:
  std::vector<std::jthread> threads_;
};

}  // namespace xdpcap::test
