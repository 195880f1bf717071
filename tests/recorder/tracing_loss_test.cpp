// SPDX-License-Identifier: BSD-3-Clause
// Tracing recorders in the kernel, with filters of each kind: every byte, up to the snaplen, and
// exact counts of what is lost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "filter/expression.hpp"
#include "recorder/traced_fixture.hpp"
#include "recorder/tracing_capture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::SizeIs;

// Filters of each kind, which match every packet: one that reads nothing, one that reads what is
// copied for it, one that does not need what is past the copy, and one that does.
constexpr const char* kFilters[] = {"", "ether[0] < 200", "ether[0] < 200 or ether[1000] = 1",
                                    "len <= 900 or ether[900] != 300"};

TEST_F(TracedTest, KeepsEveryByte) {
  for (const char* filter : kFilters) {
    for (const bool may_use_buff_len : {false, true}) {
      TracingSetup all = setup();
      all.filter = compile_filter(filter, LinkType{});
      all.may_use_buff_len = may_use_buff_len;
      TracingCapture capture(all);
      std::vector<Packet> sent;
      for (const std::size_t around : {18, 64, 128, 256, 512, 1024, 1536, 2048, 3000}) {
        for (std::size_t size = around - 4; size <= around + 4; ++size) {
          sent.push_back(packet_for(XDP_PASS, size));
          run(sent.back());
        }
      }
      const std::vector<TracedRecord> records = capture.take();
      ASSERT_EQ(records.size(), sent.size()) << filter;
      for (std::size_t i = 0; i < sent.size(); ++i) {
        ASSERT_EQ(records[i].bytes, sent[i]) << filter << ": " << sent[i].size();
        ASSERT_TRUE(records[i].padded_with_zeros);
        ASSERT_EQ(records[i].head.original_length, sent[i].size());
      }
    }
  }
}

TEST_F(TracedTest, CutsAtTheSnaplenAndKeepsTheLength) {
  for (const char* filter : kFilters) {
    for (const std::uint32_t snaplen : {1U, 2U, 63U, 64U, 96U, 255U, 256U, 257U, 999U, 1500U}) {
      TracingSetup cutting = setup();
      cutting.filter = compile_filter(filter, LinkType{});
      cutting.snaplen = snaplen;
      TracingCapture capture(cutting);
      for (const std::size_t size : {64, 66, 1000}) {
        run(packet_for(XDP_PASS, size));
        const auto records = capture.take();
        ASSERT_THAT(records, SizeIs(1)) << filter;
        Packet cut = packet_for(XDP_PASS, size);
        cut.resize(std::min<std::size_t>(snaplen, cut.size()));
        EXPECT_EQ(records[0].bytes, cut) << filter << ": " << snaplen;
        EXPECT_TRUE(records[0].padded_with_zeros) << filter << ": " << snaplen;
        EXPECT_EQ(records[0].head.original_length, size);
      }
    }
  }
}

TEST_F(TracedTest, LossIsExact) {
  constexpr std::uint32_t kSent = 500;
  for (const char* filter : kFilters) {
    TracingSetup small = setup();
    small.filter = compile_filter(filter, LinkType{});
    small.ring_bytes = 4096;
    TracingCapture capture(small);
    run(packet_for(XDP_DROP, 64), "act", kSent);
    const std::size_t kept = capture.take().size();
    const Counts counts = capture.counts(XDP_DROP);
    EXPECT_EQ(counts.received, kSent) << filter;
    EXPECT_EQ(counts.matched, kSent) << filter;
    EXPECT_GT(kept, 0U);
    EXPECT_GT(counts.lost, 0U);
    EXPECT_EQ(kept + counts.lost, kSent) << filter;
    // There is room again, and the next packet tells of the loss.
    run(packet_for(XDP_DROP, 64));
    EXPECT_THAT(capture.take(), SizeIs(1));
  }
}

// The packets that match are lost, and no others.
class WithoutRoom : public TracedTest {
 protected:
  static void expect_exact(TracingCapture& capture, std::size_t kept) {
    run(packet_for(XDP_PASS, 64, 1), "act", 7);
    run(packet_for(XDP_PASS, 64, 2), "act", 5);
    EXPECT_THAT(capture.take(), SizeIs(kept));
    const Counts counts = capture.counts(XDP_PASS);
    EXPECT_EQ(counts.received, 12U);
    EXPECT_EQ(counts.matched, 7U);
    EXPECT_EQ(counts.lost, 7U - kept);
  }
  static TracingSetup matching_seven() {
    TracingSetup setup = TracedTest::setup();
    setup.filter = compile_filter("ether[1] = 1", LinkType{});
    return setup;
  }
};

TEST_F(WithoutRoom, CountsExactlyWithRoom) {
  TracingCapture capture(matching_seven());
  expect_exact(capture, 7);
}

TEST_F(WithoutRoom, CountsExactlyWithoutARing) {
  TracingSetup setup = matching_seven();
  setup.has_rings = false;
  TracingCapture capture(setup);
  expect_exact(capture, 0);
}

TEST_F(WithoutRoom, CountsExactlyWhileTheRingIsBusy) {
  TracingCapture capture(matching_seven());
  capture.set_busy(true);
  run(packet_for(XDP_PASS, 64, 1), "act", 7);
  run(packet_for(XDP_PASS, 64, 2), "act", 5);
  capture.set_busy(false);
  EXPECT_THAT(capture.take(), SizeIs(0));
  EXPECT_EQ(capture.counts(XDP_PASS).received, 12U);
  EXPECT_EQ(capture.counts(XDP_PASS).matched, 7U);
  EXPECT_EQ(capture.counts(XDP_PASS).lost, 7U);
  run(packet_for(XDP_PASS, 64, 1));
  EXPECT_THAT(capture.take(), SizeIs(1));
}

}  // namespace
}  // namespace xdpcap::test
