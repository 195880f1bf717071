// SPDX-License-Identifier: BSD-3-Clause
// A stream of numbered packets through hooked programs. Only one packet is in flight at a time, so
// that the numbers are the order; the CPU changes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "chaos/failure.hpp"
#include "chaos/random.hpp"
#include "support/hooked_program.hpp"

namespace xdpcap::chaos {

inline constexpr unsigned kActions = 5;

// Sent is a packet that was sent; its number is its place in the list of all.
struct Sent {
  Time before = 0;  // it was sent between these times
  Time after = 0;
  std::uint16_t size = 0;
  std::uint8_t lane = 0;  // the program it was sent through
  std::uint8_t action = 0;
};

// The bytes of packet `number`: its action, its number, and bytes that depend on the number.
test::Packet make_packet(std::uint64_t number, const Sent& sent);
// The number in a packet, or one that no packet has.
std::uint64_t number_in(std::span<const std::uint8_t> bytes);
// How many bytes of a packet have to be captured for its number.
inline constexpr std::uint32_t kNumberedBytes = 24;

class Traffic {
 public:
  explicit Traffic(Random random) : random_(random), thread_([this] { send(); }) {}
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;
  Traffic(Traffic&&) = delete;
  Traffic& operator=(Traffic&&) = delete;
  ~Traffic() { stop(); }

  void add(std::uint8_t lane, const test::HookedProgram& program);
  // When it returns, no packet is in flight through the lane.
  void remove(std::uint8_t lane);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  // Throws Failure when sending failed.
  void stop();
  // After stop().
  [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }

 private:
  void send();
  void send_burst();
  bool send_one(std::uint32_t choice, Sent sent);

  Random random_;
  std::mutex mutex_;  // of lanes_ and sent_
  std::map<std::uint8_t, const test::HookedProgram*> lanes_;
  std::vector<Sent> sent_;
  std::string error_;
  std::atomic<std::uint64_t> count_ = 0;
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

}  // namespace xdpcap::chaos
