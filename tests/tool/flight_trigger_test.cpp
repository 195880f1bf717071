// SPDX-License-Identifier: BSD-3-Clause
// --last with --trigger and --after: packets that make the recorder write a file.
#include <linux/bpf.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "tool/flight_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(FlightTest, ActionIsATrigger) {
  Process capture(tool({"--last", "10s", "--trigger", "aborted,drop", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 30);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_THAT(names(), IsEmpty());
  send(XDP_DROP, 30, 31);
  ASSERT_TRUE(is_written(capture, "out.pcap")) << capture.err();
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 31));
  send(XDP_PASS, 31, 40);
  send(XDP_ABORTED, 40, 41);
  ASSERT_TRUE(is_written(capture, "out.pcap1")) << capture.err();
  EXPECT_EQ(numbers_in("out.pcap1"), range(31, 41));
  const ProcessResult result = stop(capture);
  EXPECT_THAT(result.err, HasSubstr("written on action drop"));
  EXPECT_THAT(result.err, HasSubstr("written on action aborted"));
  EXPECT_THAT(capinfos(file_, "Capture comment"),
              HasSubstr("flight recording, written on action drop: 31 packets"));
}

// Only the last packet matches: bytes 20 to 23 are its number.
TEST_F(FlightTest, FilterIsATrigger) {
  Process capture(
      tool({"--last", "1M", "--trigger", "filter:ether[20:4] = 0x63000000", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 99);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_THAT(names(), IsEmpty());
  send(XDP_PASS, 99, 100);
  ASSERT_TRUE(is_written(capture, "out.pcap")) << capture.err();
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 100));
  EXPECT_THAT(stop(capture).err, HasSubstr("written on filter ether[20:4] = 0x63000000"));
}

TEST_F(FlightTest, AfterKeepsRecordingForAWhile) {
  Process capture(tool({"--last", "1s", "--trigger", "drop", "--after", "1s", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 10);
  std::this_thread::sleep_for(milliseconds(1200));
  send(XDP_PASS, 10, 20);
  send(XDP_DROP, 20, 21);
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_THAT(names(), IsEmpty());
  send(XDP_DROP, 21, 30);  // triggers join the first
  ASSERT_TRUE(is_written(capture, "out.pcap")) << capture.err();
  send(XDP_PASS, 30, 40);
  const ProcessResult result = stop(capture);
  EXPECT_THAT(names(), ElementsAre("out.pcap"));
  EXPECT_EQ(numbers_in("out.pcap"), range(10, 30));
  expect_account(read_pcapng(file_), 10);
  EXPECT_THAT(result.err, HasSubstr("20 packets not selected (--last)"));
}

// The capture ends before the file is due: it is written at once.
TEST_F(FlightTest, TriggerIsServedAtTheEnd) {
  Process capture(tool({"--last", "1M", "--trigger", "drop", "--after", "1h", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_DROP, 0, 5);
  std::this_thread::sleep_for(milliseconds(200));
  const ProcessResult result = stop(capture);
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 5));
  expect_account(read_pcapng(file_));
  EXPECT_EQ(parse_summary(result.err).captured, 5U);
}

// Each packet is a trigger: a file a second, and all packets in one of them.
TEST_F(FlightTest, ManyTriggersMakeAFileASecond) {
  constexpr std::uint32_t kPackets = 2000;
  Process capture(tool({"--last", "16M", "--trigger", "drop", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    send(XDP_DROP, i, i + 1);
    std::this_thread::sleep_for(milliseconds(1));
  }
  const auto took = std::chrono::steady_clock::now() - begin;
  const ProcessResult result = stop(capture);
  const auto most = static_cast<std::size_t>(took / std::chrono::seconds(1)) + 2;
  EXPECT_GE(names().size(), 2U);
  EXPECT_LE(names().size(), most);
  std::vector<std::uint32_t> all;
  for (const std::string& name : names()) {
    expect_account(read_pcapng(files_.path(name)));
    const auto some = numbers_in(name);
    all.insert(all.end(), some.begin(), some.end());
  }
  EXPECT_EQ(all, range(0, kPackets));
  EXPECT_EQ(parse_summary(result.err).captured, kPackets);
}

TEST_F(FlightTest, CountAndFilesEndTheRecording) {
  Process counted(tool({"--last", "1M", "--trigger", "drop", "-c", "7", hook_path_, file_}));
  ASSERT_TRUE(is_live(counted)) << counted.err();
  send(XDP_PASS, 0, 20);
  send(XDP_DROP, 20, 21);
  const ProcessResult result = counted.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(numbers_in("out.pcap"), range(14, 21));
  EXPECT_EQ(parse_summary(result.err).captured, 7U);
  EXPECT_EQ(parse_summary(result.err).lost, 0U);

  Process limited(tool({"--last", "1M", "--trigger", "drop", "-a", "files:2", hook_path_, file_}));
  ASSERT_TRUE(is_live(limited)) << limited.err();
  send(XDP_DROP, 0, 1);
  ASSERT_TRUE(is_written(limited, "out.pcap")) << limited.err();
  send(XDP_DROP, 1, 2);
  EXPECT_EQ(limited.wait().exit_code, 0);
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 1));
  EXPECT_EQ(numbers_in("out.pcap1"), range(1, 2));
}

}  // namespace
}  // namespace xdpcap::test
