// SPDX-License-Identifier: BSD-3-Clause
// Recorders that take from the same budget at the same time: two of them run in the interpreter,
// and change places after every possible number of steps.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "filter/ebpf_interpreter.hpp"
#include "filter/expression.hpp"
#include "recorder/recorder_world.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kTick = 4'000'000;
constexpr std::uint64_t kStart = 1000 * kSecond;

// Has buckets, and a clock that stands still.
class BudgetWorld final : public RecorderWorld {
 public:
  static constexpr int kBucketsFd = 8;
  static constexpr std::uint32_t kSource = 1;
  static constexpr std::size_t kRingBytes = 4096;

  BudgetWorld() : RecorderWorld(kRingBytes) {}

  [[nodiscard]] static RecorderSpec spec(std::uint32_t rate, bool ordered_stores) {
    RecorderSpec spec = RecorderWorld::spec(kRingBytes);
    spec.ordered_stores = ordered_stores;
    spec.source = kSource;
    spec.budget.rate = rate;
    spec.buckets_fd = kBucketsFd;
    return spec;
  }
  [[nodiscard]] xdpcap_bucket& bucket() { return buckets_[kSource]; }
  [[nodiscard]] std::uint64_t chosen() const { return counters().matched; }

  std::uint8_t* memory(std::uint64_t address, std::size_t size) override {
    if (auto* at = part(buckets_.data(), sizeof(buckets_), kBuckets, address, size)) return at;
    return RecorderWorld::memory(address, size);
  }
  std::uint64_t map_value(int fd) override {
    return fd == kBucketsFd ? kBuckets : RecorderWorld::map_value(fd);
  }
  std::optional<std::uint64_t> call(std::int32_t helper, std::uint64_t first,
                                    std::optional<Key> key) override {
    if (helper == BPF_FUNC_ktime_get_ns) return now;
    if (helper == BPF_FUNC_jiffies64) return now / kTick;
    return RecorderWorld::call(helper, first, key);
  }

  std::uint64_t now = kStart;

 private:
  static constexpr std::uint64_t kBuckets = 7 * kAddress;
  std::array<xdpcap_bucket, 2> buckets_{};
};

struct Case {
  const char* name;
  std::uint32_t rate;
  std::uint64_t used_until;  // when they begin
  std::uint64_t most;        // that the budget pays for
  bool ordered_stores = true;
};

class BudgetRace : public ::testing::TestWithParam<Case> {
 protected:
  // Two recorders; the first is interrupted after `steps`, the second after `inner_steps`. False
  // if it had ended before.
  struct Progress {
    bool outer = false;
    bool inner = false;
  };
  Progress race(std::size_t steps, std::size_t inner_steps) {
    Progress progress;
    BudgetWorld world;
    world.bucket().used_until = GetParam().used_until;
    Interpreter outer(program_, packet_, packet_.size(), &world);
    Interpreter inner(program_, packet_, packet_.size(), &world);
    progress.outer = take_steps(outer, steps);
    progress.inner = take_steps(inner, inner_steps);
    outer.run();
    inner.run();
    check(world);
    return progress;
  }

 private:
  static bool take_steps(Interpreter& recorder, std::size_t steps) {
    for (; steps > 0 && !recorder.finished(); --steps) recorder.step();
    return !recorder.finished();
  }

  void check(BudgetWorld& world) const {
    const std::uint64_t cost = (kSecond + GetParam().rate - 1) / GetParam().rate;
    const std::uint64_t saved = cost * burst_of(GetParam().rate);
    ASSERT_EQ(world.counters().matched + world.counters().left_out, 2U);
    ASSERT_LE(world.chosen(), GetParam().most);
    ASSERT_EQ(world.bucket().lock, 0U);
    // What was chosen has been paid for, and nothing else.
    const std::uint64_t begin = std::max(GetParam().used_until, kStart - saved);
    if (world.chosen() > 0 || GetParam().used_until > kStart - saved) {
      ASSERT_EQ(world.bucket().used_until, begin + world.chosen() * cost);
    }
    // The next packet that has the time is chosen.
    const std::uint64_t before = world.chosen();
    world.now = world.bucket().used_until + 2 * saved;
    Interpreter(program_, packet_, packet_.size(), &world).run();
    ASSERT_EQ(world.chosen(), before + 1);
  }

  ebpf::Program program_ =
      make_recorder(BudgetWorld::spec(GetParam().rate, GetParam().ordered_stores),
                    compile_filter("", LinkType{}));
  Packet packet_ = numbered_packet(60);
};

TEST_P(BudgetRace, NeverChoosesMoreThanItPaysFor) {
  std::size_t steps = 0;
  for (bool outer_goes_on = true; outer_goes_on; ++steps) {
    std::size_t inner_steps = 0;
    for (bool inner_goes_on = true; inner_goes_on; ++inner_steps) {
      SCOPED_TRACE(std::to_string(steps) + " steps, then " + std::to_string(inner_steps));
      const Progress progress = race(steps, inner_steps);
      if (HasFatalFailure()) return;
      outer_goes_on = progress.outer;
      inner_goes_on = progress.inner;
    }
  }
  EXPECT_GT(steps, 20U);
}

// How often a recorder of this world reads the clock for a packet that is left out.
std::ptrdiff_t clock_reads(BudgetWorld& world) {
  const ebpf::Program program =
      make_recorder(BudgetWorld::spec(1000, true), compile_filter("", LinkType{}));
  const Packet packet = numbered_packet(60);
  Interpreter recorder(program, packet, packet.size(), &world);
  recorder.run();
  return std::ranges::count(recorder.calls(), std::int32_t{BPF_FUNC_ktime_get_ns});
}

TEST(Budget, UsedUpReadsTheClockOnceATick) {
  BudgetWorld world;
  world.bucket().used_until = kStart + 10 * kTick;
  EXPECT_EQ(clock_reads(world), 1);
  EXPECT_EQ(clock_reads(world), 0);
  world.now += kTick - 1;
  EXPECT_EQ(clock_reads(world), 0);
  world.now += 1;
  EXPECT_EQ(clock_reads(world), 1);
  EXPECT_EQ(clock_reads(world), 0);
  EXPECT_EQ(world.counters().left_out, 5U);
  EXPECT_EQ(world.bucket().used_until, kStart + 10 * kTick);
}

// Packets that come four times as fast as the rate allows: what the time pays for is chosen, but
// for what is left of the last tick.
TEST(Budget, IsUsedToTheEnd) {
  const Packet packet = numbered_packet(60);
  for (const std::uint32_t rate : {1U, 7U, 1000U, 100'000U, kMostRate}) {
    const ebpf::Program program =
        make_recorder(BudgetWorld::spec(rate, true), compile_filter("", LinkType{}));
    const std::uint64_t cost = (kSecond + rate - 1) / rate;
    BudgetWorld world;
    constexpr std::uint64_t kPackets = 40'000;
    for (std::uint64_t i = 0; i < kPackets; ++i) {
      Interpreter(program, packet, packet.size(), &world).run();
      world.now += cost / 4;
    }
    const std::uint64_t paid = burst_of(rate) + (world.now - kStart) / cost;
    EXPECT_LE(world.chosen(), paid) << rate;
    EXPECT_GE(world.chosen() + kTick / cost + 1, std::min(paid, kPackets)) << rate;
    EXPECT_EQ(world.chosen() + world.counters().left_out, kPackets);
  }
}

INSTANTIATE_TEST_SUITE_P(All, BudgetRace,
                         ::testing::Values(Case{"AfterAPause", 1, 0, 1},
                                           Case{"AfterAPauseExchanging", 1, 0, 1, false},
                                           Case{"AfterAPauseForTwo", 2, 0, 2},
                                           Case{"AfterAPauseForTwoExchanging", 2, 0, 2, false},
                                           Case{"TheLast", 1000, kStart - 1'000'000, 1},
                                           Case{"NotYet", 1000, kStart - 999'999, 0},
                                           Case{"UsedUp", 1000, kStart, 0},
                                           Case{"TheLastTwo", 1000, kStart - 2'000'000, 2}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace xdpcap::test
