// SPDX-License-Identifier: BSD-3-Clause
// Packets through the hook at constantly changing rates, each of them counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>

#include "support/hooked_program.hpp"

namespace xdpcap::soak {

class Traffic {
 public:
  // Starts to send, with a thread for each CPU, at least two.
  Traffic(const test::HookedProgram& program, std::uint32_t seed);
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  Traffic(Traffic&&) = delete;
  Traffic& operator=(Traffic&&) = delete;
  ~Traffic() { stop(); }

  void stop();
  // Final after stop().
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  void send(std::mt19937 random);

  const test::HookedProgram& program_;
  std::atomic<bool> done_ = false;
  std::atomic<std::uint64_t> sent_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace xdpcap::soak
