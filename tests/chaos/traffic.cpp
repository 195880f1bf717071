// SPDX-License-Identifier: BSD-3-Clause
#include "chaos/traffic.hpp"

#include <sched.h>

#include <chrono>
#include <cstring>
#include <exception>
#include <iterator>

#include "base/error.hpp"

namespace xdpcap::chaos {
namespace {

constexpr std::size_t kNumberAt = 16;
constexpr std::uint32_t kSmallest = 60;
constexpr std::uint32_t kLargest = 1400;

void move_to_cpu(std::uint32_t choice) {
  const auto cpus = std::thread::hardware_concurrency();
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(choice % (cpus == 0 ? 1 : cpus), &set);
  ::sched_setaffinity(0, sizeof(set), &set);  // if that fails, it stays on its CPU
}

}  // namespace

test::Packet make_packet(std::uint64_t number, const Sent& sent) {
  test::Packet packet = test::numbered_packet(sent.size, static_cast<std::uint8_t>(number));
  packet[0] = sent.action;
  std::memcpy(packet.data() + kNumberAt, &number, sizeof(number));
  return packet;
}

std::uint64_t number_in(std::span<const std::uint8_t> bytes) {
  std::uint64_t number = ~std::uint64_t{0};
  if (bytes.size() >= kNumberedBytes) {
    std::memcpy(&number, bytes.data() + kNumberAt, sizeof(number));
  }
  return number;
}

void Traffic::add(std::uint8_t lane, const test::HookedProgram& program) {
  const std::scoped_lock lock(mutex_);
  lanes_[lane] = &program;
}

void Traffic::remove(std::uint8_t lane) {
  const std::scoped_lock lock(mutex_);
  lanes_.erase(lane);
}

void Traffic::stop() {
  done_ = true;
  if (thread_.joinable()) thread_.join();
  expect(error_.empty(), "sending a packet: " + error_);
}

void Traffic::send() {
  try {
    while (!done_) {
      send_burst();
      std::this_thread::sleep_for(std::chrono::milliseconds(random_.between(2, 40)));
    }
  } catch (const std::exception& error) {
    error_ = error.what();
  }
}

void Traffic::send_burst() {
  move_to_cpu(random_.below(1U << 16U));
  const std::uint32_t lane = random_.below(1U << 16U);
  for (std::uint32_t left = random_.between(1, 30); left > 0; --left) {
    Sent sent;
    sent.size = static_cast<std::uint16_t>(random_.between(kSmallest, kLargest));
    sent.action = static_cast<std::uint8_t>(random_.below(kActions));
    if (!send_one(lane, sent)) return;
  }
}

bool Traffic::send_one(std::uint32_t choice, Sent sent) {
  const std::scoped_lock lock(mutex_);
  if (lanes_.empty() || done_) return false;
  const auto lane = std::next(lanes_.begin(), static_cast<long>(choice % lanes_.size()));
  sent.lane = lane->first;
  const test::Packet packet = make_packet(sent_.size(), sent);
  sent.before = now();
  const std::uint32_t verdict = lane->second->run(packet);
  sent.after = now();
  sent_.push_back(sent);
  ++count_;
  if (verdict != sent.action) throw Failure("a packet got another action than the program gave it");
  return true;
}

}  // namespace xdpcap::chaos
