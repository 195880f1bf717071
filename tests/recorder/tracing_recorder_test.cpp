// SPDX-License-Identifier: BSD-3-Clause
// Tracing recorders in the kernel, on programs without a hook.
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bpf/features.hpp"
#include "filter/expression.hpp"
#include "recorder/traced.h"
#include "recorder/traced_fixture.hpp"
#include "recorder/tracing_capture.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"
#include "support/test_run.hpp"

namespace xdpcap::test {
namespace {

using ::testing::SizeIs;

constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kFlags = 2;
constexpr std::uint16_t kQueue = 6;

TEST_F(TracedTest, EveryActionIsKeptWithItsVerdict) {
  TracingCapture capture(setup());
  for (std::uint32_t action = 0; action < 5; ++action) {
    EXPECT_EQ(run(packet_for(action, 60 + action)), action);
  }
  const std::vector<TracedRecord> records = capture.take();
  ASSERT_THAT(records, SizeIs(5));
  for (std::uint32_t action = 0; action < 5; ++action) {
    const TracedRecord& record = records[action];
    EXPECT_EQ(record.bytes, packet_for(action, 60 + action));
    EXPECT_EQ(record.head.interface_id, 10 + action);
    EXPECT_EQ(record.head.original_length, 60 + action);
    EXPECT_EQ(record.verdict(), action);
    EXPECT_EQ(record.option(kFlags), (std::vector<std::uint8_t>{1, 0, 0, 0}));
    EXPECT_EQ(record.option(kQueue), (std::vector<std::uint8_t>{0, 0, 0, 0}));
    EXPECT_EQ(capture.counts(action).received, 1U);
    EXPECT_EQ(capture.counts(action).matched, 1U);
    EXPECT_EQ(capture.counts(action).lost, 0U);
  }
}

TEST_F(TracedTest, ConditionsComeBeforeTheFilter) {
  const std::vector<Range> here = {{5, 7}, {kCpu, kCpu}};
  const std::vector<Range> elsewhere = {{5, 7}};
  const std::vector<Range> queue = {{0, 0}};
  const auto matched = [](const Conditions& conditions) {
    TracingSetup with = setup();
    with.conditions = conditions;
    const TracingCapture capture(with);
    run(packet_for(XDP_DROP, 60));
    EXPECT_EQ(capture.counts(XDP_DROP).received, 1U);
    return capture.counts(XDP_DROP).matched;
  };
  EXPECT_EQ(matched({.cpus = here, .queues = queue}), 1U);
  EXPECT_EQ(matched({.cpus = elsewhere}), 0U);
  EXPECT_EQ(matched({.queues = elsewhere}), 0U);
  EXPECT_EQ(matched({.interfaces = elsewhere}), 0U);
}

TEST_F(TracedTest, OnlyCounts) {
  for (const TracePoint point : {TracePoint::exit, TracePoint::entry}) {
    TracingSetup with = setup();
    with.point = point;
    if (point == TracePoint::entry) with.actions = {XDP_DROP};
    with.filter = compile_filter("len = 60", LinkType{});
    with.only_counts = true;
    TracingCapture capture(with);
    for (int i = 0; i < 10; ++i) {
      run(packet_for(XDP_DROP, 60));
      run(packet_for(XDP_DROP, 61));
    }
    EXPECT_EQ(capture.counts(XDP_DROP).received, 20U);
    EXPECT_EQ(capture.counts(XDP_DROP).matched, 10U);
    EXPECT_EQ(capture.counts(XDP_DROP).lost, 0U);
    EXPECT_THAT(capture.take(), SizeIs(0));
  }
}

TEST_F(TracedTest, ASampleOfWhatMatches) {
  constexpr std::uint32_t kPackets = 20'000;
  for (const TracePoint point : {TracePoint::exit, TracePoint::entry}) {
    TracingSetup with = setup();
    with.point = point;
    if (point == TracePoint::entry) with.actions = {XDP_DROP};
    with.filter = compile_filter("len = 60", LinkType{});
    with.budget.sample = 10;
    const TracingCapture capture(with);
    run(packet_for(XDP_DROP, 60), "act", kPackets);
    run(packet_for(XDP_DROP, 61), "act", kPackets);
    const Counts counts = capture.counts(XDP_DROP);
    EXPECT_EQ(counts.received, 2 * kPackets);
    EXPECT_EQ(counts.matched, kPackets);
    // Five standard deviations.
    EXPECT_NEAR(static_cast<double>(counts.matched - counts.left_out), kPackets / 10.0, 5 * 42.4);
  }
}

// The kernel's clock decides how many more than a burst come.
TEST_F(TracedTest, ARateOfAllActionsTogether) {
  TracingSetup with = setup();
  with.budget.rate = 10;
  TracingCapture capture(with);
  const auto begin = std::chrono::steady_clock::now();
  for (const std::uint32_t action : {XDP_DROP, XDP_PASS, XDP_DROP}) {
    run(packet_for(action, 60), "act", 1000);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const std::size_t records = capture.take().size();
  EXPECT_GE(records, burst_of(10));
  EXPECT_LE(static_cast<double>(records), burst_of(10) + took.count() * 10);
  const Counts dropped = capture.counts(XDP_DROP);
  const Counts passed = capture.counts(XDP_PASS);
  EXPECT_EQ(dropped.matched, 2000U);
  EXPECT_EQ(passed.matched, 1000U);
  EXPECT_EQ(dropped.left_out + passed.left_out + records, 3000U);
}

TEST_F(TracedTest, UnknownActionsAreAborted) {
  TracingCapture capture(setup());
  run(packet_for(5, 60));
  run(packet_for(77, 60));
  const std::vector<TracedRecord> records = capture.take();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].verdict(), 5U);
  EXPECT_EQ(records[1].verdict(), 77U);
  EXPECT_EQ(records[1].head.interface_id, 10U);
  EXPECT_EQ(capture.counts(0).matched, 2U);
}

TEST_F(TracedTest, OtherActionsAreLeftAlone) {
  TracingSetup only = setup();
  only.actions = {XDP_DROP, XDP_TX};
  TracingCapture capture(only);
  for (std::uint32_t action = 0; action < 7; ++action) run(packet_for(action, 60));
  const std::vector<TracedRecord> records = capture.take();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].verdict(), std::uint64_t{XDP_DROP});
  EXPECT_EQ(records[1].verdict(), std::uint64_t{XDP_TX});
  EXPECT_EQ(capture.counts(XDP_DROP).received, 1U);
  EXPECT_EQ(capture.counts(XDP_PASS).received, 0U);
  EXPECT_EQ(capture.counts(XDP_ABORTED).received, 0U);
}

// What `change` makes of a packet.
Packet changed(Packet packet, int change) {
  const auto byte = std::uint8_t{CHANGED_TO};
  if (change == CHANGE_GROW_HEAD) packet.insert(packet.begin(), CHANGED_BYTES, byte);
  if (change == CHANGE_BYTES) std::fill_n(packet.begin(), CHANGED_BYTES, byte);
  if (change == CHANGE_SHRINK_HEAD) packet.erase(packet.begin(), packet.begin() + CHANGED_BYTES);
  if (change == CHANGE_GROW_TAIL) packet.resize(packet.size() + CHANGED_BYTES);
  if (change == CHANGE_SHRINK_TAIL) packet.resize(packet.size() - CHANGED_BYTES);
  return packet;
}

TEST_F(TracedTest, TheExitHasWhatTheProgramLeftAndTheEntryWhatItGot) {
  for (const char* filter : {"", "ether[0] != 199"}) {
    TracingSetup exit = setup("change");
    exit.filter = compile_filter(filter, LinkType{});
    TracingSetup entry = exit;
    entry.point = TracePoint::entry;
    entry.actions = {XDP_PASS};
    TracingCapture at_exit(exit);
    TracingCapture at_entry(entry);
    for (int change = CHANGE_NOTHING; change <= CHANGE_SHRINK_TAIL; ++change) {
      SCOPED_TRACE(change);
      const Packet sent = packet_for(1, 100, static_cast<std::uint8_t>(change));
      EXPECT_EQ(run(sent, "change"), std::uint32_t{XDP_TX});
      const auto before = at_entry.take();
      const auto after = at_exit.take();
      ASSERT_THAT(before, SizeIs(1));
      ASSERT_THAT(after, SizeIs(1));
      EXPECT_EQ(before[0].bytes, sent);
      EXPECT_EQ(before[0].head.original_length, sent.size());
      EXPECT_EQ(before[0].head.interface_id, 10U + XDP_PASS);
      EXPECT_EQ(after[0].bytes, changed(sent, change));
      EXPECT_EQ(after[0].head.original_length, after[0].bytes.size());
      EXPECT_EQ(after[0].verdict(), std::uint64_t{XDP_TX});
    }
    EXPECT_EQ(at_entry.counts(XDP_PASS).received, 6U);
  }
}

TEST_F(TracedTest, TheEntryHasNoVerdictButTheOtherOptions) {
  TracingSetup entry = setup();
  entry.point = TracePoint::entry;
  entry.actions = {0};
  for (const std::uint32_t snaplen : {1U, 60U}) {
    entry.snaplen = snaplen;
    TracingCapture capture(entry);
    run(packet_for(4, 60));
    const auto records = capture.take();
    ASSERT_THAT(records, SizeIs(1));
    EXPECT_EQ(records[0].verdict(), std::nullopt);
    ASSERT_THAT(records[0].options, SizeIs(2));
    EXPECT_EQ(records[0].options[0].code, kFlags);
    EXPECT_EQ(records[0].options[1].code, kQueue);
  }
}

TEST_F(TracedTest, PublishesWithAnExchange) {
  if (!has_atomic_exchange()) GTEST_SKIP() << "this kernel has no atomic exchange (5.12)";
  TracingSetup weak = setup();
  weak.ordered_stores = false;
  TracingCapture capture(weak);
  run(packet_for(XDP_PASS, 60), "act", 100);
  EXPECT_THAT(capture.take(), SizeIs(100));
}

TEST_F(TracedTest, ProgramsMayHaveSubprograms) {
  TracingCapture capture(setup("with_subprogram"));
  run(packet_for(9, 60, 9), "with_subprogram");
  run(packet_for(8, 60, 9), "with_subprogram");
  const auto records = capture.take();
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_EQ(records[0].verdict(), std::uint64_t{XDP_DROP});
  EXPECT_EQ(records[1].verdict(), std::uint64_t{XDP_PASS});
}

// The caller's exit is that of the last program of the chain, which itself is not traced.
TEST_F(TracedTest, TheCallersExitIsTheChainsEnd) {
  const std::uint32_t slot = 0;
  const int callee = fd("callee");
  ASSERT_EQ(bpf_map_update_elem(map("callees"), &slot, &callee, BPF_ANY), 0);
  TracingCapture caller(setup("caller"));
  TracingCapture called(setup("callee"));
  const Packet sent = packet_for(1, 60);
  run(sent, "caller");
  const auto records = caller.take();
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].verdict(), std::uint64_t{XDP_REDIRECT});
  EXPECT_EQ(records[0].bytes, changed(sent, CHANGE_BYTES));
  EXPECT_THAT(called.take(), SizeIs(0));
}

TEST_F(TracedTest, NotesTheIngressInterface) {
  for (const TracePoint point : {TracePoint::entry, TracePoint::exit}) {
    TracingSetup noting = setup();
    noting.note_ingress = true;
    noting.point = point;
    if (point == TracePoint::entry) noting.actions = {2};
    TracingCapture capture(noting);
    run(packet_for(XDP_PASS, 60));  // a test run's packets come from the loopback interface
    const auto records = capture.take();
    ASSERT_THAT(records, SizeIs(1));
    const std::string text = "ingress=1";
    EXPECT_EQ(records[0].option(kComment), std::vector<std::uint8_t>(text.begin(), text.end()));
    EXPECT_EQ(records[0].verdict().has_value(), point == TracePoint::exit);
  }
}

TEST_F(TracedTest, LeavesRoomForFates) {
  TracingSetup noting = setup();
  noting.note_ingress = true;
  noting.note_fate = true;
  noting.filter = compile_filter("ether[1] = 0", LinkType{});
  TracingCapture capture(noting);
  for (const std::uint32_t action : {0U, 1U, 2U, 3U, 4U, 9U}) {
    run(packet_for(action, 60));
    const bool open = action != XDP_DROP && action != XDP_PASS;
    const xdpcap_last last = capture.last_on(kCpu);
    EXPECT_EQ(last.action, action);
    EXPECT_EQ(last.ingress, 1U);
    EXPECT_EQ(last.open, open ? 1U : 0U);
    const auto records = capture.take();
    ASSERT_THAT(records, SizeIs(1));
    ASSERT_TRUE(records[0].fate);
    EXPECT_EQ(records[0].fate->state,
              static_cast<std::uint32_t>(open ? XDPCAP_FATE_OPEN : XDPCAP_FATE_NONE));
    EXPECT_EQ(records[0].fate->action, action);
    EXPECT_EQ(records[0].fate->ingress, 1U);
    EXPECT_NE(last.fate, 0U);
  }
}

class OnAnInterface : public TracedTest, public ::testing::WithParamInterface<unsigned> {};

TEST_P(OnAnInterface, RealPacketsAreRecorded) {
  const Namespace sender;
  const Namespace receiver;
  join(sender, "from", "192.0.2.1/24", receiver, "into", "192.0.2.2/24");
  const int interface = receiver.interface_index("into");
  receiver.call(
      [&] { ASSERT_EQ(bpf_xdp_attach(interface, fd("act"), GetParam(), nullptr), 0) << errno; });
  TracingSetup noting = setup();
  noting.filter = compile_filter("ether[0] = 1 and ether[18] = 126", LinkType{});  // 18 * 7
  noting.note_ingress = true;
  TracingCapture capture(noting);
  const PacketSocket socket(sender, "from");
  for (const std::uint8_t action : {XDP_DROP, XDP_ABORTED}) socket.send(test_frame(action, 0));
  std::vector<TracedRecord> records;
  for (int tries = 0; tries < 500 && records.empty(); ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    records = capture.take();
  }
  ASSERT_THAT(records, SizeIs(1));
  EXPECT_EQ(records[0].bytes, test_frame(XDP_DROP, 0));
  EXPECT_EQ(records[0].verdict(), std::uint64_t{XDP_DROP});
  const std::string text = "ingress=" + std::to_string(interface);
  EXPECT_EQ(records[0].option(kComment), std::vector<std::uint8_t>(text.begin(), text.end()));
}

INSTANTIATE_TEST_SUITE_P(Modes, OnAnInterface,
                         ::testing::Values(XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE),
                         [](const auto& info) {
                           return std::string(info.param == XDP_FLAGS_DRV_MODE ? "native"
                                                                               : "generic");
                         });

}  // namespace
}  // namespace xdpcap::test
