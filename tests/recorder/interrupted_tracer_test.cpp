// SPDX-License-Identifier: BSD-3-Clause
// Tracing recorders that interrupt each other on a CPU: as interrupted_recorder_test.cpp, but for
// the filter, which runs in scratch memory that they share.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iostream>
#include <string>

#include "filter/ebpf_interpreter.hpp"
#include "filter/expression.hpp"
#include "recorder/tracing_world.hpp"
#include "ring/rings.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kRingBytes = TracingWorld::kRingBytes;
constexpr std::size_t kLength = TracingWorld::kLength;

class Machine {
 public:
  explicit Machine(const char* filter) {
    const RecorderSpec spec = TracingWorld::spec();
    program_ = make_tracing_recorder({&spec, 1}, compile_filter(filter, LinkType{}));
  }
  [[nodiscard]] Interpreter begin(std::uint8_t seed) {
    packets_.push_back(numbered_packet(kLength, seed));
    Interpreter recorder(program_, packets_.back(), kLength, &world_);
    recorder.set_arguments({TracingWorld::kBuff, std::uint64_t{0}});
    return recorder;
  }
  void run(std::uint8_t seed) { begin(seed).run(); }

  // The first bytes of the packets that have been recorded.
  std::vector<std::uint8_t> recorded() {
    std::vector<std::uint8_t> seeds;
    for (cursor_.refresh(); cursor_.ready(); cursor_.next()) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&cursor_.block() + 1);
      const Packet packet(bytes, bytes + cursor_.block().captured_length);
      EXPECT_EQ(packet, numbered_packet(kLength, bytes[0]));
      seeds.push_back(bytes[0]);
    }
    cursor_.release();
    return seeds;
  }
  TracingWorld& world() { return world_; }

 private:
  TracingWorld world_;
  RingCursor cursor_{world_.ring(), kRingBytes};
  ebpf::Program program_;
  std::deque<Packet> packets_;
};

// Lets `recorder` take so many steps; false when it has finished before.
bool take_steps(Interpreter& recorder, std::size_t steps) {
  for (; steps > 0 && !recorder.finished(); --steps) recorder.step();
  return !recorder.finished();
}

constexpr std::uint8_t kMatching = 50;
constexpr std::uint8_t kOther = 90;
constexpr const char* kFilter = "ether[0] = 50 and ether[14] = 148";  // 50 + 14 * 7
constexpr std::size_t kAll = 100'000;

// Whichever of them comes first, and wherever the other one interrupts it.
TEST(InterruptedTracer, DecidesByItsOwnPacket) {
  for (const bool matching_first : {true, false}) {
    const std::uint8_t first = matching_first ? kMatching : kOther;
    const std::uint8_t second = matching_first ? kOther : kMatching;
    std::size_t steps = 0;
    for (bool outer_goes_on = true; outer_goes_on; ++steps) {
      std::size_t inner_steps = 0;
      for (bool inner_goes_on = true; inner_goes_on; ++inner_steps) {
        Machine machine(kFilter);
        Interpreter outer = machine.begin(first);
        outer_goes_on = take_steps(outer, steps);
        Interpreter inner = machine.begin(second);
        inner_goes_on = take_steps(inner, inner_steps);
        take_steps(outer, kAll);
        take_steps(inner, kAll);
        ASSERT_EQ(machine.recorded(), std::vector{kMatching}) << steps << ", " << inner_steps;
        ASSERT_EQ(machine.world().counters().received, 2U);
        ASSERT_EQ(machine.world().counters().matched, 1U);
        ASSERT_EQ(machine.world().counters().lost, 0U);
        ASSERT_FALSE(machine.world().busy());
      }
    }
    EXPECT_GT(steps, 50U);
  }
}

// The reader waits for busy rings.
TEST(InterruptedTracer, MarksTheRingForPacketsThatMatchOnly) {
  for (const std::uint8_t seed : {kMatching, kOther}) {
    Machine machine(kFilter);
    Interpreter recorder = machine.begin(seed);
    bool was_busy = false;
    while (!recorder.finished()) {
      recorder.step();
      was_busy = was_busy || machine.world().busy();
    }
    EXPECT_EQ(was_busy, seed == kMatching);
  }
}

// What a packet costs, in instructions and helper calls.
TEST(Tracer, CallsFewHelpers) {
  const auto calls = [](const char* filter, std::uint8_t seed) {
    Machine machine(filter);
    Interpreter recorder = machine.begin(seed);
    std::size_t instructions = 0;
    for (; !recorder.finished(); ++instructions) recorder.step();
    std::cout << '"' << filter << "\": " << instructions << " instructions, "
              << recorder.calls().size() << " calls, " << machine.recorded().size()
              << " recorded\n";
    return recorder.calls().size();
  };
  // CPU, length, two for the ring, clock, copy.
  EXPECT_EQ(calls("", kMatching), 6U);
  // One more copy.
  EXPECT_EQ(calls(kFilter, kMatching), 7U);
  // CPU, length, copy.
  EXPECT_EQ(calls(kFilter, kOther), 3U);
  EXPECT_EQ(calls("tcp port 80", kOther), 3U);
  EXPECT_EQ(calls("tcp port 80 or ether[0] = 50", kMatching), 7U);
}

}  // namespace
}  // namespace xdpcap::test
