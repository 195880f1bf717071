// SPDX-License-Identifier: BSD-3-Clause
#include "ring/control.hpp"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace xdpcap {
namespace {

TEST(Control, SumsTheRowsAsTheKernelSeesThem) {
  constexpr std::uint32_t kRows = 3;
  constexpr std::uint32_t kCpus = 4;
  const Control control(kRows, kCpus);
  struct {
    xdpcap_control control;
    xdpcap_counters counters[kRows][kCpus];
  } value{};
  for (std::uint32_t row = 0; row < kRows; ++row) {
    for (std::uint32_t cpu = 0; cpu < kCpus; ++cpu) {
      xdpcap_counters& counters = value.counters[row][cpu];
      counters.received = 100 * row + 20 + cpu;
      counters.matched = row + 10;
      counters.lost = cpu;
      counters.left_out = cpu + 1;
    }
  }
  const std::uint32_t key = 0;
  ASSERT_EQ(bpf_map_update_elem(control.fd(), &key, &value, BPF_ANY), 0);
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const Counts counts = control.read(row);
    EXPECT_EQ(counts.received, 400 * row + 80 + 0 + 1 + 2 + 3);
    EXPECT_EQ(counts.matched, 4 * row + 40 + 10);
    EXPECT_EQ(counts.lost, 6U);
    EXPECT_EQ(counts.left_out, 10U);
  }
}

// Counters are read while they change.
TEST(Control, NeverTellsThatMoreMatchedThanWereReceived) {
  const Control control(1, 1);
  struct {
    xdpcap_control control;
    xdpcap_counters counters;
  } value{};
  value.counters.received = 7;
  value.counters.matched = 8;
  value.counters.lost = 9;
  value.counters.left_out = 5;
  const std::uint32_t key = 0;
  ASSERT_EQ(bpf_map_update_elem(control.fd(), &key, &value, BPF_ANY), 0);
  const Counts counts = control.read(0);
  EXPECT_EQ(counts.received, 14U);
  EXPECT_EQ(counts.matched, 14U);
  EXPECT_EQ(counts.lost, 9U);
  EXPECT_EQ(counts.left_out, 5U);
}

TEST(Control, SetsTheAlarmInTheMap) {
  Control control(1, 1);
  std::vector<std::uint64_t> value((sizeof(xdpcap_control) + sizeof(xdpcap_counters)) / 8);
  const auto wake_at = [&] {
    const std::uint32_t key = 0;
    EXPECT_EQ(bpf_map_lookup_elem(control.fd(), &key, value.data()), 0);
    return value[0];
  };
  EXPECT_EQ(wake_at(), XDPCAP_AWAKE);
  control.wake_at(4096);
  EXPECT_EQ(wake_at(), 4096U);
  control.stay_awake();
  EXPECT_EQ(wake_at(), XDPCAP_AWAKE);
}

}  // namespace
}  // namespace xdpcap
