// SPDX-License-Identifier: BSD-3-Clause
#include "soak/traffic.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "support/packet.hpp"

namespace xdpcap::soak {

Traffic::Traffic(const test::HookedProgram& program, std::uint32_t seed) : program_(program) {
  const unsigned threads = std::max(2U, std::thread::hardware_concurrency());
  for (unsigned i = 0; i < threads; ++i) {
    threads_.emplace_back([this, generator = std::mt19937(seed + i)] { send(generator); });
  }
}

void Traffic::stop() {
  done_ = true;
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

// For some hundred ms at a time: nothing, a trickle, bursts, a flood.
void Traffic::send(std::mt19937 random) {
  using Clock = std::chrono::steady_clock;
  struct Rate {
    std::uint32_t burst;
    std::chrono::microseconds pause;
  };
  constexpr std::array<Rate, 4> kRates = {
      Rate{0, std::chrono::milliseconds(20)}, Rate{1, std::chrono::milliseconds(5)},
      Rate{2000, std::chrono::milliseconds(3)}, Rate{5000, std::chrono::microseconds(0)}};
  constexpr std::uint32_t kActions = 5;
  constexpr std::uint32_t kSmallest = 60;
  constexpr std::uint32_t kSizes = 1440;
  while (!done_) {
    const Rate rate = kRates.at(random() % kRates.size());
    const auto until = Clock::now() + std::chrono::milliseconds(50 + random() % 400);
    while (!done_ && Clock::now() < until) {
      auto packet = test::numbered_packet(kSmallest + random() % kSizes, 0);
      packet[0] = static_cast<std::uint8_t>(random() % kActions);
      if (rate.burst != 0) program_.run(packet, rate.burst);
      sent_ += rate.burst;
      std::this_thread::sleep_for(rate.pause);
    }
  }
}

}  // namespace xdpcap::soak
