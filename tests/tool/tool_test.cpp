// SPDX-License-Identifier: BSD-3-Clause
// Captures with the executable, from programs that the kernel runs on the test's packets.
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "support/capture_reader.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using ::testing::IsEmpty;

constexpr const char* kInterfaces[] = {"XDPaborted", "XDPdrop", "XDPpass", "XDPtx", "XDPredirect"};

TEST_F(ToolTest, EveryPacketWithItsActionInOrder) {
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  constexpr std::uint32_t kPackets = 500;
  const auto start = std::chrono::system_clock::now().time_since_epoch();
  for (std::uint32_t i = 0; i < kPackets; ++i) program_.run(packet_for(i % 5, 60 + i));
  const auto end = std::chrono::system_clock::now().time_since_epoch();
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.captured, kPackets);
  EXPECT_EQ(summary.received, kPackets);
  EXPECT_EQ(summary.lost, 0U);

  const auto packets = read_with_tshark(file_);
  const auto bytes = read_bytes(file_);
  ASSERT_EQ(packets.size(), kPackets);
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    ASSERT_EQ(bytes[i], packet_for(i % 5, 60 + i)) << i;
    ASSERT_EQ(packets[i].interface, kInterfaces[i % 5]);
    ASSERT_EQ(packets[i].verdict, std::to_string(i % 5));
    ASSERT_EQ(packets[i].queue, "0");
    ASSERT_EQ(packets[i].direction, "1");  // received
    ASSERT_EQ(packets[i].length, 60 + i);
    ASSERT_GE(packets[i].time, packets[i == 0 ? 0 : i - 1].time);
  }
  constexpr std::uint64_t kClockNoise = 100'000;  // ns
  EXPECT_GE(packets.front().time + kClockNoise, static_cast<std::uint64_t>(start.count()));
  EXPECT_LE(packets.back().time, static_cast<std::uint64_t>(end.count()) + kClockNoise);
  EXPECT_EQ(capinfos(file_, "Strict time order"), "True");
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(ToolTest, OnlyWhatWasAskedFor) {
  Process capture(tool({"-actions", "tx,drop", hook_path_, file_, "greater", "100"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (std::uint32_t action = 0; action < 5; ++action) {
    program_.run(packet_for(action, 99));
    program_.run(packet_for(action, 100));
  }
  capture.signal(SIGTERM);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(parse_summary(result.err).received, 4U);
  EXPECT_EQ(parse_summary(result.err).matched, 2U);
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].interface, "XDPdrop");
  EXPECT_EQ(packets[1].interface, "XDPtx");
  EXPECT_EQ(capinfos(file_, "Filter string"), "greater 100");
}

TEST_F(ToolTest, SnaplenCutsPacketsAndSaysSo) {
  Process capture(tool({"-s", "61", "-actions", "pass", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (const std::size_t size : {60, 61, 62, 1000}) program_.run(packet_for(XDP_PASS, size));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  const auto packets = read_with_tshark(file_);
  const auto bytes = read_bytes(file_);
  ASSERT_EQ(packets.size(), 4U);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const std::size_t size = std::array{60, 61, 62, 1000}.at(i);
    Packet cut = packet_for(XDP_PASS, size);
    cut.resize(std::min<std::size_t>(size, 61));
    EXPECT_EQ(bytes[i], cut);
    EXPECT_EQ(packets[i].length, size);
  }
  EXPECT_EQ(capinfos(file_, "Capture length"), "61");
}

TEST_F(ToolTest, StatisticsEachSecondUnlessQuiet) {
  Process capture(tool({"-actions", "drop", hook_path_, file_, "less", "60"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP, 60), 3);
  program_.run(packet_for(XDP_DROP, 61), 7);
  EXPECT_TRUE(eventually([&] {
    return capture.err().find("drop: 10/3\t(received/matched packets)\n") != std::string::npos;
  })) << capture.err();

  Process quiet(tool({"--replace", "-q", "-actions", "drop", hook_path_, files_.path("quiet")}));
  ASSERT_TRUE(wait_until_live(quiet, files_.path("quiet")));
  std::this_thread::sleep_for(milliseconds(1200));
  quiet.signal(SIGINT);
  EXPECT_THAT(quiet.wait().err, IsEmpty());
}

TEST_F(ToolTest, EverySignalThatAsksForTheEndGetsAWholeFile) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    const std::string file = files_.path("signal" + std::to_string(signal));
    Process capture(tool({hook_path_, file}));
    ASSERT_TRUE(wait_until_live(capture, file)) << capture.err();
    program_.run(packet_for(XDP_PASS));
    capture.signal(signal);
    EXPECT_EQ(capture.wait().exit_code, 0);
    EXPECT_EQ(read_bytes(file).size(), 1U);
    EXPECT_EQ(capinfos(file, "Number of stat entries"), "1");
    EXPECT_TRUE(hook_is_empty());
  }
}

TEST_F(ToolTest, AFileCanBeReadWhileItGrows) {
  const Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (std::size_t i = 1; i <= 20; ++i) {
    program_.run(packet_for(XDP_PASS, 60 + i));
    const std::string copy = files_.path("copy");
    ASSERT_TRUE(eventually([&] {
      std::filesystem::copy_file(file_, copy, std::filesystem::copy_options::overwrite_existing);
      return read_bytes(copy).size() == i;  // throws when it does not end in a whole block
    }));
  }
}

TEST_F(ToolTest, HigherSlotsHaveNamesToo) {
  const UniqueFd map = create_hook(8);
  const HookedProgram program(map.get(), kFlavours.front());
  folder_.pin(map.get(), "wide");
  Process capture(tool({folder_.path("wide"), file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program.run(packet_for(7));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  const auto packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 1U);
  EXPECT_EQ(packets[0].interface, "XDPxdpAction(7)");
  EXPECT_EQ(packets[0].verdict, "7");
}

TEST_F(ToolTest, LinkTypesReachTheFile) {
  Process capture(tool({"-linktype", "RAW", hook_path_, file_, "ip"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  Packet packet(20);
  packet[0] = 0x45;
  program_.run(packet);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(capinfos(file_, "Encapsulation"), "Raw IP (7 - rawip)");
}

TEST_F(ToolTest, TheInterfaceAPacketCameInByIsNotedWhenAskedFor) {
  for (const bool asked : {false, true}) {
    const std::string file = files_.path(asked ? "asked" : "not asked");
    std::vector<std::string> arguments = {hook_path_, file};
    if (asked) arguments.insert(arguments.begin(), "--ingress");
    Process capture(tool(arguments));
    ASSERT_TRUE(wait_until_live(capture, file)) << capture.err();
    for (std::uint32_t i = 0; i < 10; ++i) program_.run(packet_for(XDP_PASS, 60 + i));
    capture.signal(SIGINT);
    EXPECT_EQ(parse_summary(capture.wait().err).captured, 10U);
    const ProcessResult comments =
        run({"tshark", "-n", "-r", file, "-T", "fields", "-e", "frame.comment"});
    std::string expected;
    // A test run's packets arrive on the loopback interface, which has index 1.
    for (int i = 0; i < 10; ++i) expected += asked ? "ingress=1\n" : "\n";
    EXPECT_EQ(comments.out, expected);
    EXPECT_EQ(read_bytes(file).at(9), packet_for(XDP_PASS, 69));
  }
}

// ICMP inside GRE, after 14 bytes of Ethernet, 20 of IPv4 and 4 of GRE.
TEST_F(ToolTest, FiltersAtOffsetsSeeIntoTunnels) {
  Process capture(tool({"--offset", "14,38", hook_path_, file_, "icmp"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (const std::size_t offset : {14, 38, 40}) {
    Packet packet(80);
    packet[0] = XDP_PASS;
    packet[offset] = 0x45;
    packet[offset + 9] = 1;  // ICMP
    program_.run(packet);
  }
  capture.signal(SIGINT);
  EXPECT_EQ(parse_summary(capture.wait().err).matched, 2U);
}

TEST_F(ToolTest, WaitsForAProgramThatUsesTheHook) {
  const UniqueFd map = create_hook();
  folder_.pin(map.get(), "later");
  Process capture(tool({"--wait", folder_.path("later"), file_}));
  std::this_thread::sleep_for(milliseconds(400));
  EXPECT_FALSE(std::filesystem::exists(file_));
  const HookedProgram program(map.get(), {0, false});
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program.run(packet_for(XDP_TX));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(read_bytes(file_).size(), 1U);
}

TEST_F(ToolTest, WaitingCanBeStopped) {
  Process capture(tool({"--wait", folder_.path("never"), file_}));
  ASSERT_TRUE(wait_until_stoppable(capture)) << capture.err();
  const std::string words =
      "waiting until a loaded XDP program uses a hook pinned at " + folder_.path("never") + "\n";
  EXPECT_TRUE(eventually([&] { return capture.err() == words; })) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(file_));
}

// The pin is removed between two checks: the first opening finds nothing.
TEST_F(ToolTest, WaitsForAPinThatWasThereAMomentAgo) {
  Process capture({"strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
                   "-e", "inject=bpf:error=ENOENT:when=1", XDPCAP_CPP, "--wait", "-c", "1",
                   hook_path_, file_});
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP));
  EXPECT_EQ(capture.wait().exit_code, 0) << capture.err();
  EXPECT_THAT(read_file(files_.path("trace")), ::testing::HasSubstr("BPF_OBJ_GET"));
}

}  // namespace
}  // namespace xdpcap::test
