// SPDX-License-Identifier: BSD-3-Clause
// Recorders in the kernel: packets that a program sends through the hook arrive in the rings, and
// the counters account exactly for the others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "bpf/features.hpp"
#include "filter/expression.hpp"
#include "process/cpus.hpp"
#include "recorder/recorder.hpp"
#include "ring/control.hpp"
#include "ring/rings.hpp"
#include "ring/wakeup.hpp"
#include "source/hook.hpp"
#include "source/installation.hpp"
#include "support/cpu.hpp"
#include "support/hooked_program.hpp"

namespace xdpcap {
namespace {

using test::numbered_packet;
using test::Packet;

constexpr Flavour kXdp = {BPF_XDP, false};
constexpr Flavour kXdpFrags = {BPF_XDP, true};

struct Setup {
  Flavour flavour = kXdp;
  const char* filter = "";
  std::uint32_t snaplen = kMaxSnaplen;
  std::uint64_t ring_bytes = std::uint64_t{1} << 20U;
  bool may_use_xdp_load_bytes = true;
  bool ordered_stores = kOrderedStores;
  bool cpus_come_later = false;  // none of those that are there has a ring
};

struct Record {
  xdpcap_block head;
  Packet bytes;
  std::uint64_t dropped;
  std::vector<std::uint8_t> rest;  // padding and tail, up to the end of the block
};

// A hook, a program that exits through it, and recorders in all of its slots.
class Capture {
 public:
  explicit Capture(const Setup& setup)
      : map_(test::create_hook()),
        program_(map_.get(), setup.flavour),
        filter_(compile_filter(setup.filter, LinkType{})),
        cpus_(read_cpus()),
        control_(5, cpus_.possible),
        rings_(setup.cpus_come_later ? std::vector{cpus_.possible} : cpus_.online,
               cpus_.possible + 1, setup.ring_bytes) {
    folder_.pin(map_.get(), "hook");
    hook_ = std::make_unique<Hook>(Hook::open(folder_.path("hook")));
    std::vector<XdpAction> actions;
    for (std::uint32_t slot = 0; slot < 5; ++slot) actions.emplace_back(slot);
    installation_.emplace(*hook_, actions, false, [&](XdpAction action, Flavour flavour, int) {
      return make_recorder(
          {.action = action,
           .interface_id = action.value(),
           .snaplen = setup.snaplen,
           .cpus = cpus_.possible,
           .counters_row = action.value(),
           .control_fd = control_.fd(),
           .rings_fd = rings_.array_fd(),
           .ring_bytes = static_cast<std::uint32_t>(rings_.bytes_per_cpu()),
           .wakeup_fd = wakeup_.fd(),
           .frags = flavour.frags,
           .has_xdp_load_bytes = setup.may_use_xdp_load_bytes && has_xdp_load_bytes(),
           .ordered_stores = setup.ordered_stores},
          filter_);
    });
    installation_->fill();
  }

  std::uint32_t send(const Packet& packet, std::uint32_t repeat = 1) const {
    return program_.run(packet, repeat);
  }
  void add_rings() { rings_.add(cpus_.online); }
  std::size_t publish_rings() { return rings_.publish(); }
  [[nodiscard]] Counts counts(std::uint32_t action) const { return control_.read(action); }

  std::vector<Record> take() {
    std::vector<Record> records;
    for (RingCursor& cursor : rings_.cursors()) {
      for (cursor.refresh(); cursor.ready(); cursor.next()) records.push_back(copy(cursor.block()));
      EXPECT_TRUE(cursor.ended());
      cursor.release();
    }
    return records;
  }

 private:
  static Record copy(const xdpcap_block& block) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(&block);
    const std::uint8_t* bytes = begin + sizeof(block);
    const std::uint8_t* rest = bytes + block.captured_length;
    const std::uint8_t* end = begin + block.block_length;
    const std::uint8_t* options = bytes + std::size_t{block.captured_length + 3} / 4 * 4;
    Record record{block, Packet(bytes, rest), 0, {rest, end}};
    xdpcap_drop_count drops{};
    std::memcpy(&drops, options, sizeof(drops));
    if (drops.code == 4) record.dropped = (std::uint64_t{drops.count[1]} << 32U) | drops.count[0];
    xdpcap_block_tail tail{};
    std::memcpy(&tail, end - sizeof(tail), sizeof(tail));
    EXPECT_EQ(tail.block_length, block.block_length);
    EXPECT_EQ(tail.verdict[0], 2);
    EXPECT_EQ(tail.verdict[1], block.interface_id);  // here, an interface is its action
    return record;
  }

  test::PinFolder folder_;
  UniqueFd map_;
  test::HookedProgram program_;
  CbpfProgram filter_;
  Cpus cpus_;
  Control control_;
  Wakeup wakeup_;
  Rings rings_;
  std::unique_ptr<Hook> hook_;
  std::optional<Installation> installation_;
};

Packet packet_for(std::uint32_t action, std::size_t size) {
  Packet packet = numbered_packet(size);
  packet[0] = static_cast<std::uint8_t>(action);
  return packet;
}

TEST(Recording, KeepsEveryActionAndItsPacket) {
  Capture capture({});
  for (std::uint32_t action = 0; action < 5; ++action) {
    EXPECT_EQ(capture.send(packet_for(action, 60 + action)), action);
  }
  const std::vector<Record> records = capture.take();
  ASSERT_EQ(records.size(), 5U);
  for (std::uint32_t action = 0; action < 5; ++action) {
    const Record& record = records[action];
    EXPECT_EQ(record.bytes, packet_for(action, 60 + action));
    EXPECT_EQ(record.head.interface_id, action);
    EXPECT_EQ(record.head.original_length, 60 + action);
    EXPECT_EQ(capture.counts(action).received, 1U);
    EXPECT_EQ(capture.counts(action).matched, 1U);
    EXPECT_EQ(capture.counts(action).lost, 0U);
  }
}

// With and without the newer copy helper.
class RecordingSizes : public ::testing::TestWithParam<bool> {};

TEST_P(RecordingSizes, KeepsEveryByte) {
  Capture capture({.may_use_xdp_load_bytes = GetParam()});
  std::vector<Packet> sent;
  for (const std::size_t around : {18, 64, 128, 256, 512, 1024, 1536, 2048, 3000}) {
    for (std::size_t size = around - 4; size <= around + 4; ++size) {
      sent.push_back(packet_for(XDP_PASS, size));
      capture.send(sent.back());
    }
  }
  const std::vector<Record> records = capture.take();
  ASSERT_EQ(records.size(), sent.size());
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(records[i].bytes, sent[i]) << sent[i].size();
    const std::size_t padding = (4 - sent[i].size() % 4) % 4;
    ASSERT_EQ(records[i].rest.size(), padding + sizeof(xdpcap_block_tail));
    for (std::size_t pad = 0; pad < padding; ++pad) ASSERT_EQ(records[i].rest[pad], 0);
    ASSERT_GE(time_of(records[i].head), before);
    before = time_of(records[i].head);
  }
}

INSTANTIATE_TEST_SUITE_P(Copies, RecordingSizes, ::testing::Bool());

// As on CPUs that make stores visible in any order.
TEST(Recording, PublishesWithAnExchange) {
  if (!has_atomic_exchange()) GTEST_SKIP() << "this kernel has no atomic exchange (5.12)";
  const struct Setup weak = {.ordered_stores = false};
  Capture capture(weak);
  for (int i = 0; i < 100; ++i) capture.send(packet_for(XDP_PASS, 60));
  EXPECT_EQ(capture.take().size(), 100U);
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 0U);
}

TEST(Recording, KeepsFragmentedPacketsWhole) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  Capture capture({.flavour = kXdpFrags});
  for (const std::size_t size : {60, 3000, 4096, 5000, 9000, 20000, 40000}) {
    capture.send(packet_for(XDP_TX, size));
    const std::vector<Record> records = capture.take();
    ASSERT_EQ(records.size(), 1U) << size;
    EXPECT_EQ(records[0].bytes, packet_for(XDP_TX, size));
    EXPECT_EQ(records[0].head.original_length, size);
  }
}

TEST(Recording, CutsAtTheSnaplenAndKeepsTheLength) {
  for (const std::uint32_t snaplen : {1U, 63U, 64U, 65U, 96U, 1500U}) {
    Capture capture({.snaplen = snaplen});
    capture.send(packet_for(XDP_PASS, 1000));
    const std::vector<Record> records = capture.take();
    ASSERT_EQ(records.size(), 1U);
    Packet cut = packet_for(XDP_PASS, 1000);
    cut.resize(std::min<std::size_t>(snaplen, cut.size()));
    EXPECT_EQ(records[0].bytes, cut) << snaplen;
    EXPECT_EQ(records[0].head.original_length, 1000U);
  }
}

TEST(Recording, CountsWhatTheFilterLeaves) {
  Capture capture({.filter = "greater 100"});
  capture.send(packet_for(XDP_DROP, 99), 30);
  capture.send(packet_for(XDP_DROP, 100), 12);
  EXPECT_EQ(capture.counts(XDP_DROP).received, 42U);
  EXPECT_EQ(capture.counts(XDP_DROP).matched, 12U);
  EXPECT_EQ(capture.take().size(), 12U);
}

TEST(Recording, LossIsExactAndToldInTheNextRecord) {
  Capture capture({.ring_bytes = 4096});
  constexpr std::uint32_t kSent = 1000;
  capture.send(packet_for(XDP_DROP, 64), kSent);
  // A test run may move from CPU to CPU, so several rings may have overflowed.
  std::size_t kept = 0;
  std::uint64_t told = 0;
  for (const Record& record : capture.take()) {
    ++kept;
    told += record.dropped;
  }
  const std::uint64_t lost = capture.counts(XDP_DROP).lost;
  EXPECT_EQ(capture.counts(XDP_DROP).matched, kSent);
  EXPECT_GT(kept, 0U);
  EXPECT_GT(lost, 0U);
  EXPECT_EQ(kept + lost, kSent);

  // With room again, each CPU reports its losses once.
  for (const std::uint32_t cpu : read_cpus().online) {
    std::thread([&] {
      test::stay_on_cpu(cpu);
      capture.send(packet_for(XDP_DROP, 64));
    }).join();
    for (const Record& record : capture.take()) told += record.dropped;
  }
  EXPECT_EQ(told, lost);
}

TEST(Recording, APacketTooLargeForTheRingIsLostAndHarmsNothing) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  Capture capture({.flavour = kXdpFrags, .ring_bytes = 4096});
  EXPECT_EQ(capture.send(packet_for(XDP_PASS, 9000)), std::uint32_t{XDP_PASS});
  capture.send(packet_for(XDP_PASS, 60));
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 1U);
  EXPECT_EQ(capture.take().size(), 1U);
}

// More than the helpers reach is cut off, not lost.
TEST(Recording, CutsWhatIsLargerThanAnyCopy) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  Capture capture({.flavour = kXdpFrags});
  capture.send(packet_for(XDP_PASS, 68000));
  const std::vector<Record> records = capture.take();
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].bytes.size(), XDPCAP_MOST_CAPTURED);
  EXPECT_EQ(records[0].head.original_length, 68000U);
}

TEST(Recording, AFilterThatNeverMatchesLoadsAndCounts) {
  const Capture capture({.filter = "1,6 0 0 0"});
  capture.send(packet_for(XDP_PASS, 60), 5);
  EXPECT_EQ(capture.counts(XDP_PASS).received, 5U);
  EXPECT_EQ(capture.counts(XDP_PASS).matched, 0U);
}

TEST(Recording, CpusThatComeOnlineGetRings) {
  Capture capture({.cpus_come_later = true});
  capture.send(packet_for(XDP_PASS, 60), 3);
  EXPECT_EQ(capture.take().size(), 0U);
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 3U);
  capture.add_rings();
  capture.send(packet_for(XDP_PASS, 60));
  EXPECT_EQ(capture.take().size(), 0U) << "used before the guardian knows the ring";
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 4U);
  EXPECT_EQ(capture.publish_rings(), read_cpus().online.size());
  capture.send(packet_for(XDP_PASS, 60), 2);
  EXPECT_EQ(capture.take().size(), 2U);
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 4U);
  capture.add_rings();
  EXPECT_EQ(capture.publish_rings(), 0U);
}

}  // namespace
}  // namespace xdpcap
