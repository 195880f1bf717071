// SPDX-License-Identifier: BSD-3-Clause
// Conditions beside the filter, in recorders in the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "recorder/lone_recorder.hpp"
#include "support/cpu.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kLoopback = 1;

// How many of three packets match, which arrive on CPU 0 by the loopback interface's queue 0.
std::uint64_t matched(const Conditions& conditions) {
  stay_on_cpu(0);
  const LoneRecorder lone("", conditions);
  const Packet packet = numbered_packet(60);
  for (int i = 0; i < 3; ++i) lone.hooked.run(packet);
  EXPECT_EQ(lone.control.read(0).received, 3U);
  EXPECT_EQ(lone.control.read(0).lost, 0U);
  return lone.control.read(0).matched;
}

const std::vector<std::vector<Range>> kWithZero = {{{0, 0}}, {{0, 3}}, {{7, 9}, {0, 0}}};
const std::vector<std::vector<Range>> kWithoutZero = {
    {{1, 1}}, {{1, 3}}, {{7, 9}, {4294967295, 4294967295}}, {{2147483648, 4294967295}}};

TEST(Condition, Cpu) {
  for (const auto& ranges : kWithZero) EXPECT_EQ(matched({.cpus = ranges}), 3U);
  for (const auto& ranges : kWithoutZero) EXPECT_EQ(matched({.cpus = ranges}), 0U);
}

TEST(Condition, Queue) {
  for (const auto& ranges : kWithZero) EXPECT_EQ(matched({.queues = ranges}), 3U);
  for (const auto& ranges : kWithoutZero) EXPECT_EQ(matched({.queues = ranges}), 0U);
}

TEST(Condition, IngressInterface) {
  const std::vector<Range> loopback = {{9, 12}, {kLoopback, kLoopback}};
  const std::vector<Range> others = {{2, 4294967295}};
  EXPECT_EQ(matched({.interfaces = loopback}), 3U);
  EXPECT_EQ(matched({.interfaces = others}), 0U);
}

TEST(Condition, AllOfThem) {
  const std::vector<Range> zero = {{0, 0}};
  const std::vector<Range> one = {{1, 1}};
  EXPECT_EQ(matched({.cpus = zero, .queues = zero, .interfaces = one}), 3U);
  EXPECT_EQ(matched({.cpus = one, .queues = zero, .interfaces = one}), 0U);
  EXPECT_EQ(matched({.cpus = zero, .queues = one, .interfaces = one}), 0U);
  EXPECT_EQ(matched({.cpus = zero, .queues = zero, .interfaces = zero}), 0U);
}

// How many of three packets from the loopback interface count as received.
std::uint64_t received_excluding(const std::vector<std::uint32_t>& interfaces) {
  stay_on_cpu(0);
  const LoneRecorder lone("", {.excluded_interfaces = interfaces});
  const Packet packet = numbered_packet(60);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(lone.hooked.run(packet), XDP_DROP);
  EXPECT_EQ(lone.control.read(0).matched, lone.control.read(0).received);
  return lone.control.read(0).received;
}

TEST(Condition, PacketsOfExcludedInterfacesAreNotReceived) {
  EXPECT_EQ(received_excluding({}), 3U);
  EXPECT_EQ(received_excluding({kLoopback}), 0U);
  EXPECT_EQ(received_excluding({2}), 3U);
  EXPECT_EQ(received_excluding({kLoopback, 2, 4294967295}), 0U);
}

// Many are searched: each place of the sought one among them, and its absence.
TEST(Condition, ManyExcludedInterfaces) {
  for (const std::uint32_t many : {4U, 5U, 8U, 9U, 17U, 1000U}) {
    std::vector<std::uint32_t> others;
    for (std::uint32_t i = 0; i < many; ++i) others.push_back(2 + 3 * i);
    EXPECT_EQ(received_excluding(others), 3U) << many;
    others.insert(others.begin(), kLoopback);
    EXPECT_EQ(received_excluding(others), 0U) << many;
    others.insert(others.begin(), 0);
    EXPECT_EQ(received_excluding(others), 0U) << many;
  }
}

}  // namespace
}  // namespace xdpcap::test
