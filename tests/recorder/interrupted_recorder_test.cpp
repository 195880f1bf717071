// SPDX-License-Identifier: BSD-3-Clause
// Recorders that interrupt each other on a CPU: the emitted program runs in the interpreter, a
// second run starts before any of its instructions, and a real reader finds exact results.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <string>

#include "base/error.hpp"
#include "filter/ebpf_interpreter.hpp"
#include "filter/expression.hpp"
#include "recorder/recorder_world.hpp"
#include "ring/rings.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

struct Case {
  const char* name;
  bool ordered_stores = true;
  bool note_ingress = false;
  bool note_fates = false;
  std::size_t ring_bytes = 4096;
  std::size_t length = 60;  // of the packets; from 128 on, a helper copies them
};

// The seed of a packet is its second byte, the only one that distinguishes packets.
constexpr std::uint8_t kOuter = 50;
constexpr std::uint8_t kInner = 90;

class Machine {
 public:
  explicit Machine(const Case& how)
      : how_(how), world_(how.ring_bytes), cursor_(world_.ring(), how.ring_bytes) {
    RecorderSpec spec = RecorderWorld::spec(how.ring_bytes);
    spec.ordered_stores = how.ordered_stores;
    spec.note_ingress = how.note_ingress;
    if (how.note_fates) spec.last_fd = RecorderWorld::kLastFd;
    program_ = make_recorder(spec, compile_filter("", LinkType{}));
  }

  // One recorder for this packet, which has not begun.
  [[nodiscard]] Interpreter begin(std::uint8_t seed) {
    packets_.push_back(numbered_packet(how_.length, seed));
    return {program_, packets_.back(), packets_.back().size(), &world_};
  }
  void run(std::uint8_t seed) { begin(seed).run(); }

  // Reads what there is; empty when all of it is as it has to be, and agrees with the counters.
  std::string mistake() {
    try {
      read();
    } catch (const Error& error) {
      return error.what();
    }
    const xdpcap_counters& counters = world_.counters();
    if (world_.busy()) return "the ring has been left busy";
    if (damaged_) return "a block is damaged";
    if (counters.received != packets_.size()) return "received is not exact";
    if (counters.matched != packets_.size()) return "matched is not exact";
    if (written_ + counters.lost != packets_.size()) return "matched is not written + lost";
    return "";
  }
  [[nodiscard]] std::uint64_t lost() const { return world_.counters().lost; }
  [[nodiscard]] std::uint64_t reported() const { return reported_; }
  [[nodiscard]] std::size_t written() const { return written_; }

 private:
  void read() {
    for (cursor_.refresh(); cursor_.ready(); cursor_.next()) {
      const xdpcap_block& block = cursor_.block();
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&block) + sizeof(block);
      const bool whole =
          block.block_type == 6 && block.captured_length == how_.length &&
          block.original_length == how_.length && cursor_.time() > time_ &&
          std::ranges::equal(std::span(bytes, how_.length), numbered_packet(how_.length, bytes[0]));
      damaged_ = damaged_ || !whole;
      time_ = cursor_.time();
      ++written_;
      xdpcap_drop_count drops{};
      std::memcpy(&drops, bytes + (how_.length + 3) / 4 * 4, sizeof(drops));
      if (drops.code == 4) reported_ += drops.count[0];
    }
    cursor_.release();
  }

  Case how_;
  RecorderWorld world_;
  RingCursor cursor_;
  ebpf::Program program_;
  std::deque<Packet> packets_;  // recorders look at them where they are
  std::size_t written_ = 0;
  std::uint64_t reported_ = 0;
  std::uint64_t time_ = 0;
  bool damaged_ = false;
};

// Lets `recorder` take so many steps; false when it has finished before.
bool take_steps(Interpreter& recorder, std::size_t steps) {
  for (; steps > 0 && !recorder.finished(); --steps) recorder.step();
  return !recorder.finished();
}

constexpr std::size_t kAll = 100'000;

// What is lost is what was tried while another recorder had the ring, and the next block says so.
void expect_exact(Machine& machine, std::uint64_t most_lost) {
  ASSERT_EQ(machine.mistake(), "");
  ASSERT_LE(machine.lost(), most_lost);
  machine.run(1);
  ASSERT_EQ(machine.mistake(), "");
  ASSERT_EQ(machine.reported(), machine.lost());
}

class InterruptedRecorder : public ::testing::TestWithParam<Case> {};

TEST_P(InterruptedRecorder, LosesNothingUncounted) {
  std::size_t inner_lost = 0;
  std::size_t both_written = 0;
  for (std::size_t step = 0;; ++step) {
    SCOPED_TRACE("a recorder in front of step " + std::to_string(step));
    Machine machine(GetParam());
    machine.run(0);
    Interpreter outer = machine.begin(kOuter);
    if (!take_steps(outer, step)) break;
    machine.run(kInner);
    outer.run();
    ASSERT_NO_FATAL_FAILURE(expect_exact(machine, 1));
    ++(machine.lost() == 0 ? both_written : inner_lost);
  }
  EXPECT_GT(inner_lost, 20U);
  EXPECT_GT(both_written, 20U);
}

// Two that take turns, as on kernels that let a task be preempted in the middle of a program.
TEST_P(InterruptedRecorder, BearsTurns) {
  constexpr std::size_t kStride = 3;
  std::size_t steps = 0;
  for (bool outer_goes_on = true; outer_goes_on; ++steps) {
    std::size_t inner_steps = 0;
    for (bool inner_goes_on = true; inner_goes_on; inner_steps += kStride) {
      SCOPED_TRACE(std::to_string(steps) + " steps, then " + std::to_string(inner_steps));
      Machine machine(GetParam());
      Interpreter outer = machine.begin(kOuter);
      outer_goes_on = take_steps(outer, steps);
      Interpreter inner = machine.begin(kInner);
      inner_goes_on = take_steps(inner, inner_steps);
      take_steps(outer, kAll);
      take_steps(inner, kAll);
      ASSERT_NO_FATAL_FAILURE(expect_exact(machine, 2));
    }
  }
  EXPECT_GT(steps, 100U);
}

// One that comes while the ring is full.
TEST_P(InterruptedRecorder, CountsWhatFindsNoRoom) {
  for (std::size_t step = 0;; ++step) {
    SCOPED_TRACE("a recorder in front of step " + std::to_string(step));
    Machine machine(GetParam());
    while (machine.lost() == 0) machine.run(0);
    Interpreter outer = machine.begin(kOuter);
    if (!take_steps(outer, step)) break;
    machine.run(kInner);
    outer.run();
    ASSERT_NO_FATAL_FAILURE(expect_exact(machine, 3));
    ASSERT_EQ(machine.lost(), 3U);
  }
}

INSTANTIATE_TEST_SUITE_P(All, InterruptedRecorder,
                         ::testing::Values(Case{"Plain"}, Case{"Exchanging", false},
                                           Case{"NotingIngress", true, true},
                                           Case{"NotingFates", true, false, true},
                                           Case{.name = "CopyingByHelper", .length = 300}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace xdpcap::test
