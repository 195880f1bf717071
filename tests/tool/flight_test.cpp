// SPDX-License-Identifier: BSD-3-Clause
// --last: the newest packets are kept in memory, and written when something happens.
#include "tool/flight_fixture.hpp"

#include <linux/bpf.h>

#include <chrono>
#include <string>
#include <thread>

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST_F(FlightTest, SignalWritesWhatIsInMemoryAgainAndAgain) {
  Process capture(tool({"--last", "1M", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 100);
  EXPECT_THAT(names(), IsEmpty());
  ASSERT_TRUE(write(capture, "out.pcap")) << capture.err();
  send(XDP_DROP, 100, 150);
  ASSERT_TRUE(write(capture, "out.pcap1")) << capture.err();
  send(XDP_PASS, 150, 153);
  ASSERT_TRUE(write(capture, "out.pcap2")) << capture.err();
  send(XDP_TX, 153, 160);

  const ProcessResult result = stop(capture);
  EXPECT_THAT(names(), ElementsAre("out.pcap", "out.pcap1", "out.pcap2"));
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 100));
  EXPECT_EQ(numbers_in("out.pcap1"), range(100, 150));
  EXPECT_EQ(numbers_in("out.pcap2"), range(150, 153));
  for (const std::string& name : names()) expect_account(read_pcapng(files_.path(name)));
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.matched, 160U);
  EXPECT_EQ(summary.captured, 153U);
  EXPECT_EQ(summary.lost, 0U);
  EXPECT_THAT(result.err, HasSubstr("7 packets not selected (--last)\n"));
  EXPECT_THAT(result.err, HasSubstr("7 packets in memory discarded"));
}

TEST_F(FlightTest, SizeKeepsExactlyTheNewest) {
  Process capture(tool({"--last", "1M", "--json", "-w", file_, hook_path_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  constexpr std::size_t kSize = 1000;
  constexpr std::uint32_t kSent = 20'000;  // 20 times what is kept
  send(XDP_PASS, 0, kSent, kSize);
  ASSERT_TRUE(write(capture, "out.pcap")) << capture.err();
  const ProcessResult result = stop(capture);
  constexpr std::uint32_t kBlock = kSize + 28 + 40;
  constexpr std::uint32_t kKept = (1U << 20U) / kBlock;
  EXPECT_EQ(numbers_in("out.pcap"), range(kSent - kKept, kSent));
  expect_account(read_pcapng(file_), kSent - kKept);
  EXPECT_THAT(result.out, HasSubstr("\"matched\":20000,\"written\":981,\"left_out\":19019,"
                                    "\"lost\":0,\"kept\":0,"));
  EXPECT_THAT(result.out, HasSubstr("\"files\":1,"));
}

TEST_F(FlightTest, TimeKeepsExactlyTheNewest) {
  Process capture(tool({"--last", "2s", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 50);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  send(XDP_PASS, 50, 80);
  ASSERT_TRUE(write(capture, "out.pcap")) << capture.err();
  const ProcessResult result = stop(capture);
  EXPECT_EQ(numbers_in("out.pcap"), range(50, 80));
  expect_account(read_pcapng(file_), 50);
  EXPECT_THAT(result.err, HasSubstr("50 packets not selected (--last)\n"));
  EXPECT_EQ(parse_summary(result.err).lost, 0U);
}

// The memory holds less than the time that was asked for: this is said, once.
TEST_F(FlightTest, MemoryThatIsTooSmallForTheTimeIsReported) {
  Process capture(tool({"--last", "1h,1M", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  EXPECT_THAT(capture.err(), HasSubstr("keeps the packets of the last 3600 s, at most 1.0 MiB; "));
  send(XDP_PASS, 0, 1000, 1000);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_THAT(capture.err(), Not(HasSubstr("less than")));
  send(XDP_PASS, 1000, 10'000, 1000);
  const std::string err = stop(capture).err;
  const auto at = err.find("--last: 1.0 MiB hold the packets of less than 3600 s");
  ASSERT_NE(at, std::string::npos) << err;
  EXPECT_EQ(err.find("less than", at + 60), std::string::npos);
}

// Packets in memory are neither written nor lost.
TEST_F(FlightTest, CountsOnRequestHaveTheMemory) {
  Process capture(tool({"--last", "1M", "-q", "-a", "duration:3600", "-w", file_, hook_path_}));
  ASSERT_TRUE(eventually([&] { return hook_is_filled(); }));
  ASSERT_TRUE(wait_until_stoppable(capture));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  send(XDP_PASS, 0, 40);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  capture.signal(SIGUSR1);
  ASSERT_TRUE(eventually([&] { return capture.err().find(" lost\n") != std::string::npos; }));
  EXPECT_THAT(capture.err(), HasSubstr("0 packets captured\n40 packets matched the filter\n"));
  EXPECT_THAT(capture.err(), HasSubstr("40 packets in memory\n0 packets lost\n"));
  (void)stop(capture);
}

}  // namespace
}  // namespace xdpcap::test
