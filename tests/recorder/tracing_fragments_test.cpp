// SPDX-License-Identifier: BSD-3-Clause
// Tracing recorders in the kernel, on packets with fragments.
#include <bpf/libbpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_link.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "bpf/features.hpp"
#include "bpf/xdp_buff_layout.hpp"
#include "filter/expression.hpp"
#include "recorder/traced_fixture.hpp"
#include "recorder/tracing_capture.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"

namespace xdpcap::test {
namespace {

using ::testing::SizeIs;

constexpr const char* kPrograms[] = {"with_fragments", "shorten"};

Packet cut(Packet packet, std::size_t size) {
  packet.resize(std::min(packet.size(), size));
  return packet;
}

class TracedFragments : public TracedTest {
 protected:
  void SetUp() override {
    TracedTest::SetUp();
    if (IsSkipped()) return;
    if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
    layout_ = read_xdp_buff_layout();
    if (layout_.fragments) return;
#ifdef __x86_64__
    if (std::getenv("XDPCAP_VM") != nullptr) FAIL() << "fragments cannot be read";
#endif
    GTEST_SKIP() << "on this machine recorders cannot read fragments";
  }

  // What a capture as `setup` says has of a packet with `sent`.
  static TracedRecord record_of(const TracingSetup& setup, const Packet& sent,
                                const char* program = "with_fragments") {
    TracingCapture capture(setup);
    EXPECT_EQ(run(sent, program), sent[0]);
    const auto records = capture.take();
    EXPECT_THAT(records, SizeIs(1));
    if (records.empty()) return {};
    EXPECT_TRUE(records[0].padded_with_zeros);
    EXPECT_EQ(records[0].head.captured_length, records[0].bytes.size());
    return records[0];
  }

  // How much of a long packet is in the linear part of a test run.
  static std::size_t linear() {
    TracingSetup only_linear = setup("with_fragments");
    only_linear.layout = layout_;
    only_linear.layout->fragments.reset();
    return record_of(only_linear, packet_for(XDP_TX, 9000)).bytes.size();
  }

  static inline XdpBuffLayout layout_;
};

TEST_F(TracedFragments, AreKeptWhole) {
  const std::size_t first = linear();
  for (const TracePoint point : {TracePoint::entry, TracePoint::exit}) {
    TracingSetup all = setup("with_fragments");
    all.point = point;
    if (point == TracePoint::entry) all.actions = {XDP_TX};
    for (const std::size_t size :
         {first - 1, first, first + 1, first + 2, first + 3, first + 4096, first + 4097,
          std::size_t{9000}, std::size_t{9001}, std::size_t{30002}, std::size_t{65535}}) {
      const Packet sent = packet_for(XDP_TX, size);
      const TracedRecord record = record_of(all, sent);
      EXPECT_EQ(record.head.original_length, size);
      EXPECT_TRUE(record.bytes == sent) << size << ": " << record.bytes.size();
      EXPECT_EQ(record.verdict().has_value(), point == TracePoint::exit);
    }
  }
}

TEST_F(TracedFragments, AreCutAtTheSnaplen) {
  const std::size_t first = linear();
  const Packet sent = packet_for(XDP_TX, 9000);
  for (const std::size_t snaplen :
       {std::size_t{1}, first - 1, first, first + 1, first + 4095, first + 4096, first + 4097,
        std::size_t{8998}, std::size_t{8999}, std::size_t{9000}, std::size_t{9001}}) {
    TracingSetup cutting = setup("with_fragments");
    cutting.snaplen = static_cast<std::uint32_t>(snaplen);
    cutting.note_ingress = true;
    const TracedRecord record = record_of(cutting, sent);
    EXPECT_EQ(record.head.original_length, 9000U);
    EXPECT_TRUE(record.bytes == cut(sent, snaplen)) << snaplen << ": " << record.bytes.size();
    EXPECT_TRUE(record.option(1)) << snaplen;
  }
}

TEST_F(TracedFragments, EndWhereTheProgramCutsThem) {
  const std::size_t first = linear();
  for (const std::size_t left : {std::size_t{100}, first - 1, first, first + 1, first + 4095,
                                 first + 4096, first + 4097, std::size_t{8999}}) {
    const std::size_t bytes = 9000 - left;
    Packet sent = packet_for(XDP_TX, 9000, static_cast<std::uint8_t>(bytes >> 8U));
    sent[2] = static_cast<std::uint8_t>(bytes);
    TracingSetup entry = setup("shorten");
    entry.point = TracePoint::entry;
    entry.actions = {XDP_TX};
    TracingCapture at_entry(entry);
    const TracedRecord after = record_of(setup("shorten"), sent, "shorten");
    const auto before = at_entry.take();
    ASSERT_THAT(before, SizeIs(1));
    EXPECT_TRUE(before[0].bytes == sent) << left;
    EXPECT_EQ(after.head.original_length, left);
    EXPECT_TRUE(after.bytes == cut(sent, left)) << left << ": " << after.bytes.size();
  }
}

TEST_F(TracedFragments, AreNotSeenByTheFilter) {
  const Packet packet = packet_for(XDP_TX, 9000);
  const auto matches = [&](const char* filter) {
    TracingSetup filtering = setup("with_fragments");
    filtering.filter = compile_filter(filter, LinkType{});
    TracingCapture capture(filtering);
    run(packet, "with_fragments");
    EXPECT_EQ(capture.counts(XDP_TX).received, 1U);
    EXPECT_EQ(capture.counts(XDP_TX).lost, 0U);
    const auto records = capture.take();
    for (const TracedRecord& record : records) EXPECT_TRUE(record.bytes == packet) << filter;
    return records.size();
  };
  for (const char* filter : {"", "len = 9000", "ether[2000] = 0xb7", "ether[2] = 14"}) {
    EXPECT_EQ(matches(filter), 1U) << filter;
  }
  EXPECT_EQ(matches("ether[8000] >= 0"), 0U);
}

// Recorders that look in the wrong place must not take what is there for the packet.
TEST_F(TracedFragments, AreLeftOutWhereTheyAreNotFound) {
  const std::size_t first = linear();
  const Packet sent = packet_for(XDP_TX, 9000);
  const auto captured = [&](auto&& change) {
    TracingSetup wrong = setup("with_fragments");
    wrong.layout = layout_;
    change(*wrong.layout->fragments);
    const TracedRecord record = record_of(wrong, sent);
    EXPECT_EQ(record.head.original_length, sent.size());
    EXPECT_TRUE(record.bytes == cut(sent, record.bytes.size()));
    return record.bytes.size();
  };
  EXPECT_EQ(captured([](FragmentLayout&) {}), sent.size());
  EXPECT_EQ(captured([](FragmentLayout& layout) { layout.shared_bytes += 64; }), first);
  EXPECT_EQ(captured([](FragmentLayout& layout) { layout.shared_bytes -= 64; }), first);
  EXPECT_EQ(captured([](FragmentLayout& layout) { layout.data_hard_start = layout_.rxq; }), first);
  EXPECT_EQ(captured([](FragmentLayout& layout) { layout.addresses.memory = 0; }), first);
  EXPECT_EQ(captured([](FragmentLayout& layout) { layout.most_fragments = 1; }), first + 4096);
}

// Of a veth with room for such packets, natively: the driver makes the fragments.
class FragmentsOfAnInterface : public TracedFragments,
                               public ::testing::WithParamInterface<unsigned> {};

TEST_P(FragmentsOfAnInterface, AreThoseThatWereSent) {
  constexpr std::size_t kSizes[] = {100, 3000, 5000, 9000, 9014, 20000, 40014};
  const Namespace sender;
  const Namespace receiver;
  join(sender, "from", "192.0.2.1/24", receiver, "into", "192.0.2.2/24");
  sender.run({"ip", "link", "set", "from", "mtu", "40000"});
  receiver.run({"ip", "link", "set", "into", "mtu", "40000"});
  const int interface = receiver.interface_index("into");
  for (const char* program : kPrograms) {
    receiver.call([&] {
      ASSERT_EQ(bpf_xdp_attach(interface, fd(program), GetParam(), nullptr), 0) << errno;
    });
    TracingSetup ours = setup(program);
    ours.filter = compile_filter("ether[0] = 1 and ether proto 0x88b5", LinkType{});
    TracingCapture capture(ours);
    const PacketSocket socket(sender, "from");
    std::vector<TracedRecord> records;
    std::vector<Packet> sent;
    for (const std::size_t size : kSizes) {
      sent.push_back(test_frame(XDP_DROP, static_cast<std::uint32_t>(size), size));
      sent.back()[1] = static_cast<std::uint8_t>(size / 3 >> 8U);
      sent.back()[2] = static_cast<std::uint8_t>(size / 3);
      socket.send(sent.back());
    }
    for (int tries = 0; tries < 500 && records.size() < sent.size(); ++tries) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      for (const TracedRecord& record : capture.take()) records.push_back(record);
    }
    ASSERT_EQ(records.size(), sent.size());
    const bool whole = program == kPrograms[0];
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const Packet expected =
          cut(sent[i], whole ? sent[i].size() : sent[i].size() - sent[i].size() / 3);
      EXPECT_TRUE(records[i].bytes == expected)
          << program << ": " << sent[i].size() << ": " << records[i].bytes.size();
      EXPECT_EQ(records[i].head.original_length, expected.size());
      EXPECT_TRUE(records[i].padded_with_zeros);
    }
    receiver.call([&] { ASSERT_EQ(bpf_xdp_detach(interface, GetParam(), nullptr), 0) << errno; });
  }
}

INSTANTIATE_TEST_SUITE_P(Modes, FragmentsOfAnInterface,
                         ::testing::Values(XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE),
                         [](const auto& info) {
                           return std::string(info.param == XDP_FLAGS_DRV_MODE ? "native"
                                                                               : "generic");
                         });

}  // namespace
}  // namespace xdpcap::test
