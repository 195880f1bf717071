// SPDX-License-Identifier: BSD-3-Clause
// Samples and rates, in recorders in the kernel.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "base/clock.hpp"
#include "bpf/features.hpp"
#include "recorder/lone_recorder.hpp"
#include "support/cpu.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::chrono::milliseconds kTime(1500);  // of a flood

// A recorder with a budget, whose counts have to add up all the time.
class Budgeted {
 public:
  explicit Budgeted(const Budget& budget, const char* filter = "",
                    bool ordered_stores = kOrderedStores)
      : lone_(filter, {}, budget, ordered_stores), packet_(numbered_packet(60)) {}

  void run(std::uint32_t packets) const {
    ASSERT_EQ(lone_.hooked.run(packet_, packets), static_cast<std::uint32_t>(XDP_DROP));
  }
  // Sends packets all the time, from this thread.
  void flood(std::chrono::milliseconds time) const {
    constexpr std::uint32_t kAtOnce = 300'000;
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) run(kAtOnce);
  }
  [[nodiscard]] Counts counts() const { return lone_.control.read(0); }
  // How many were chosen, whether there was room for them or not.
  [[nodiscard]] std::uint64_t chosen() const { return counts().matched - counts().left_out; }
  // The times of the packets in the rings, in order.
  std::vector<std::uint64_t> take() {
    std::vector<std::uint64_t> times;
    for (RingCursor& cursor : lone_.rings.cursors()) {
      for (cursor.refresh(); cursor.ready(); cursor.next()) times.push_back(cursor.time());
      cursor.release();
    }
    std::sort(times.begin(), times.end());
    return times;
  }

 private:
  LoneRecorder lone_;
  Packet packet_;
};

class Sample : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Sample, IsWithinFiveStandardDeviations) {
  constexpr std::uint32_t kPackets = 100'000;
  const double p = 1.0 / GetParam();
  Budgeted recorder({.sample = GetParam()});
  recorder.run(kPackets);
  const auto chosen = static_cast<double>(recorder.chosen());
  EXPECT_NEAR(chosen, kPackets * p, 5 * std::sqrt(kPackets * p * (1 - p)));
  EXPECT_EQ(recorder.counts().received, kPackets);
  EXPECT_EQ(recorder.counts().matched, kPackets);
  EXPECT_EQ(recorder.chosen(), recorder.take().size() + recorder.counts().lost);
}

INSTANTIATE_TEST_SUITE_P(All, Sample, ::testing::Values(2, 3, 10, 1000));

// The runs of packets between two chosen ones have the lengths of independent choices: a packet is
// chosen right after another one with the same probability as any other.
TEST(SampleOfPackets, ChoosesEachByItself) {
  constexpr std::uint32_t kPackets = 20'000;
  constexpr double kP = 0.25;
  const Budgeted recorder({.sample = 4});
  std::uint64_t before = 0;
  bool last = false;
  double pairs = 0;
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    recorder.run(1);
    const bool chosen = recorder.chosen() != before;
    before = recorder.chosen();
    if (chosen && last) ++pairs;
    last = chosen;
  }
  // Neighbouring pairs overlap, which makes their variance a little larger.
  const double variance = kPackets * kP * kP * (1 + 2 * kP - 3 * kP * kP);
  EXPECT_NEAR(pairs, kPackets * kP * kP, 5 * std::sqrt(variance));
}

// Which of the next packets are chosen.
std::vector<bool> choices(const Budgeted& recorder) {
  constexpr int kPackets = 200;
  std::vector<bool> choices;
  std::uint64_t before = recorder.chosen();
  for (int i = 0; i < kPackets; ++i) {
    recorder.run(1);
    choices.push_back(recorder.chosen() != before);
    before = recorder.chosen();
  }
  return choices;
}

TEST(SampleOfPackets, DiffersByCaptureAndProcessor) {
  stay_on_cpu(0);
  const Budgeted recorder({.sample = 2});
  const std::vector<bool> first = choices(recorder);
  EXPECT_NE(choices(Budgeted({.sample = 2})), first);
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  stay_on_cpu(1);
  EXPECT_NE(choices(recorder), first);
}

TEST(SampleOfPackets, IsTakenOfWhatMatches) {
  const Budgeted recorder({.sample = 2}, "ip6");
  recorder.run(1000);
  EXPECT_EQ(recorder.counts().received, 1000U);
  EXPECT_EQ(recorder.counts().matched, 0U);
  EXPECT_EQ(recorder.counts().left_out, 0U);
}

TEST(SampleOfPackets, OfOneIsAll) {
  Budgeted recorder({.sample = 1});
  recorder.run(1000);
  EXPECT_EQ(recorder.counts().left_out, 0U);
  EXPECT_EQ(recorder.take().size(), 1000U);
}

// What the time and a burst pay for.
double paid(std::uint32_t rate, std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) * rate / kSecond + burst_of(rate);
}

// Of that, what is chosen on a busy machine, whose floods have gaps longer than a burst pays for.
// budget_race_test has a clock of its own, and is exact.
constexpr double kAtLeast = 0.2;

class Rate : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(Rate, IsNotExceeded) {
  stay_on_cpu(0);
  Budgeted recorder({.rate = GetParam()});
  const std::uint64_t start = monotonic_now();
  recorder.flood(kTime);
  const double most = paid(GetParam(), monotonic_now() - start);
  const auto chosen = static_cast<double>(recorder.chosen());
  EXPECT_LE(chosen, most);
  EXPECT_GE(chosen, most * kAtLeast);
  const Counts counts = recorder.counts();
  EXPECT_GT(counts.left_out, 1000U);
  EXPECT_EQ(counts.matched, counts.received);
  EXPECT_EQ(recorder.take().size() + counts.lost + counts.left_out, counts.matched);
}

INSTANTIATE_TEST_SUITE_P(All, Rate, ::testing::Values(1, 10, 1000, 100'000));

class SharedRate : public Rate {};

TEST_P(SharedRate, HoldsForTwoProcessors) {
  if (std::thread::hardware_concurrency() < 2) GTEST_SKIP() << "one CPU";
  const Budgeted recorder({.rate = GetParam()});
  const std::uint64_t start = monotonic_now();
  {
    std::vector<std::jthread> threads;
    for (const std::uint32_t cpu : {0U, 1U}) {
      threads.emplace_back([&recorder, cpu] {
        stay_on_cpu(cpu);
        recorder.flood(kTime);
      });
    }
  }
  const double most = paid(GetParam(), monotonic_now() - start);
  const auto chosen = static_cast<double>(recorder.chosen());
  EXPECT_LE(chosen, most);
  const auto matched = static_cast<double>(recorder.counts().matched);
  EXPECT_GE(chosen, std::min(most, matched) * kAtLeast);
  EXPECT_EQ(recorder.counts().matched, recorder.counts().received);
}

// The highest is the one at which both take at the same time.
INSTANTIATE_TEST_SUITE_P(All, SharedRate, ::testing::Values(1, 1000, kMostRate));

class LowRate : public Rate {};

// Of all seconds of the capture, wherever they begin.
TEST_P(LowRate, HoldsForEverySecond) {
  stay_on_cpu(0);
  Budgeted recorder({.rate = GetParam()});
  recorder.flood(std::chrono::milliseconds(300));
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  recorder.flood(kTime);
  ASSERT_EQ(recorder.counts().lost, 0U);
  const std::vector<std::uint64_t> times = recorder.take();
  // A packet's time is read a little after it is chosen.
  constexpr std::uint64_t kAlmostASecond = kSecond - 20'000'000;
  const std::size_t most = GetParam() + burst_of(GetParam());
  for (std::size_t i = 0; i + most < times.size(); ++i) {
    EXPECT_GE(times[i + most] - times[i], kAlmostASecond) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(All, LowRate, ::testing::Values(3, 1000));

TEST(RateOfPackets, StartsWithABurst) {
  const Budgeted one({.rate = 1});
  one.run(10'000);
  EXPECT_EQ(one.chosen(), 1U);
  const Budgeted ten({.rate = 10});
  ten.run(10'000);
  EXPECT_EQ(ten.chosen(), 10U);
}

// What was not used in a pause is not used later.
TEST(RateOfPackets, SavesUpOneBurst) {
  const Budgeted recorder({.rate = 20});
  recorder.run(10'000);
  EXPECT_EQ(recorder.chosen(), 10U);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  recorder.run(10'000);
  EXPECT_EQ(recorder.chosen(), 20U);
}

// As on CPUs that reorder stores.
TEST(RateOfPackets, LocksByAnExchange) {
  if (!has_atomic_exchange()) GTEST_SKIP() << "this kernel has no atomic exchange (5.12)";
  const Budgeted recorder({.rate = 20}, "", false);
  recorder.run(10'000);
  EXPECT_EQ(recorder.chosen(), 10U);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  recorder.run(10'000);
  EXPECT_EQ(recorder.chosen(), 20U);
}

TEST(RateOfPackets, LimitsTheSample) {
  const Budgeted recorder({.sample = 100, .rate = 10});
  recorder.run(500);
  EXPECT_LE(recorder.chosen(), 10U);
  EXPECT_GT(recorder.counts().left_out, 480U);
  recorder.run(50'000);
  EXPECT_EQ(recorder.chosen(), 10U);
}

}  // namespace
}  // namespace xdpcap::test
