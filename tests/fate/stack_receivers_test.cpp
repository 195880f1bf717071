// SPDX-License-Identifier: BSD-3-Clause
// Packets that the network stack has a receiver for, or sends on; and those that cannot be
// followed.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fate/stack_lab.hpp"
#include "support/test_run.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AnyOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::uint16_t kOpen = 7000;

class StackReceivers : public StackLab {};

// While it exists, the calling thread runs before all threads of ordinary priority, if it may.
class RealTimeThread {
 public:
  RealTimeThread() { schedule(SCHED_FIFO, 1); }
  ~RealTimeThread() { schedule(SCHED_OTHER, 0); }
  RealTimeThread(const RealTimeThread&) = delete;
  RealTimeThread& operator=(const RealTimeThread&) = delete;

 private:
  static void schedule(int policy, int priority) {
    const sched_param parameters{.sched_priority = priority};
    static_cast<void>(::sched_setscheduler(0, policy, &parameters));
  }
};

TEST_P(StackReceivers, Udp) {
  const UniqueFd socket = bound(kOpen);
  ASSERT_NO_FATAL_FAILURE(start());
  send({udp_frame({.port = kOpen}), udp_frame({.port = kOpen})});
  char byte = 0;
  for (int i = 0; i < 2; ++i) EXPECT_EQ(::recv(socket.get(), &byte, 1, 0), 1);
  ASSERT_NO_FATAL_FAILURE(stop(2));
  EXPECT_EQ(counter("UdpInDatagrams"), 2U);
  if (tells_of_queues()) {
    EXPECT_THAT(comments(), Each(with_ingress("fate=delivered")));
  } else {  // read in time or not
    EXPECT_THAT(comments(),
                Each(AnyOf(with_ingress("fate=consumed"), with_ingress("fate=passed"))));
  }
}

// The wrong checksum is found when the packet is read, soon enough: the fate is waited for 20 ms,
// so this thread may not wait for a CPU that long.
TEST_P(StackReceivers, ReaderWhoFindsAWrongChecksum) {
  const UniqueFd socket = bound(kOpen);
  ASSERT_NO_FATAL_FAILURE(start());
  {
    const RealTimeThread ahead_of_others;
    send({udp_frame({.port = kOpen, .good_checksum = false}), udp_frame({.port = kOpen})});
    char byte = 0;
    EXPECT_EQ(::recv(socket.get(), &byte, 1, 0), 1);  // the second packet
  }
  ASSERT_NO_FATAL_FAILURE(stop(2));
  EXPECT_EQ(counter("UdpInCsumErrors"), 1U);
  EXPECT_EQ(comments().at(0), dropped("UDP_CSUM"));
}

TEST_P(StackReceivers, Tcp) {
  ASSERT_NO_FATAL_FAILURE(start());
  const Process server(middle_.inside({"nc", "-l", "10.0.0.2", "7000"}));
  ASSERT_TRUE(eventually([&] {
    return must_run(middle_.inside({"ss", "-Hlnt"})).find(":7000") != std::string::npos;
  }));
  left_.run({"sh", "-c", "echo hello | nc -N 10.0.0.2 7000"});
  ASSERT_TRUE(eventually([&] { return server.out() == "hello\n"; }));
  ASSERT_NO_FATAL_FAILURE(stop(4));
  // The SYN ends with the kernel, which answers it; the segment with the data reaches the socket.
  EXPECT_EQ(packets_.at(0).comment, with_ingress("fate=consumed"));
  EXPECT_EQ(packets_.at(2).comment, with_ingress("fate=delivered"));
  EXPECT_THAT(
      must_run({"tshark", "-r", file_, "-Y", "tcp.len > 0", "-T", "fields", "-e", "frame.comment"}),
      with_ingress("fate=delivered") + "\n");
}

// A segment without data reaches no queue, but the connection.
TEST_P(StackReceivers, AcknowledgmentOfTcp) {
  ASSERT_NO_FATAL_FAILURE(start());
  const Process server(middle_.inside({"sh", "-c", "echo hello | nc -l 10.0.0.2 7000"}));
  ASSERT_TRUE(eventually([&] {
    return must_run(middle_.inside({"ss", "-Hlnt"})).find(":7000") != std::string::npos;
  }));
  const Process client(left_.inside({"nc", "-d", "10.0.0.2", "7000"}));
  ASSERT_TRUE(eventually([&] { return client.out() == "hello\n"; }));
  ASSERT_NO_FATAL_FAILURE(stop(3));
  EXPECT_EQ(packets_.at(2).comment, with_ingress("fate=delivered"));
}

TEST_P(StackReceivers, Ping) {
  ASSERT_NO_FATAL_FAILURE(start());
  left_.run({"ping", "-c", "2", "-i", "0.1", "10.0.0.2"});
  ASSERT_NO_FATAL_FAILURE(stop(2));
  EXPECT_THAT(comments(),
              ElementsAre(with_ingress("fate=consumed"), with_ingress("fate=consumed")));
  EXPECT_EQ(counter("IcmpInEchos"), 2U);
}

// A raw socket gets a clone, and the reply itself then has no receiver.
TEST_P(StackReceivers, RawSocket) {
  if (!tells_of_queues()) GTEST_SKIP() << "the kernel does not tell of queues";
  ASSERT_NO_FATAL_FAILURE(start());
  middle_.run({"ping", "-c", "1", "10.0.0.1"});
  ASSERT_NO_FATAL_FAILURE(stop(1));
  EXPECT_THAT(comments(), ElementsAre(with_ingress("fate=delivered")));
}

TEST_P(StackReceivers, Forwarded) {
  middle_.run({"sysctl", "-qw", "net.ipv4.ip_forward=1"});
  middle_.run({"ip", "neigh", "replace", "10.0.1.2", "lladdr", "02:00:00:00:00:03", "dev", "m1"});
  ASSERT_NO_FATAL_FAILURE(start());
  send({udp_frame({.to = "10.0.1.2"})});
  ASSERT_NO_FATAL_FAILURE(stop(1));
  EXPECT_THAT(comments(), ElementsAre(with_ingress("fate=forwarded to=" + device("m1"))));
  EXPECT_EQ(counter("IpForwDatagrams"), 1U);
}

TEST_P(StackReceivers, OverABridge) {
  const UniqueFd socket = bound(kOpen);
  middle_.run({"ip", "link", "add", "br0", "address", text(kMiddleMac), "type", "bridge"});
  middle_.run({"ip", "link", "set", "br0", "up"});
  middle_.run({"ip", "addr", "flush", "dev", "m0"});
  middle_.run({"ip", "link", "set", "m0", "master", "br0"});
  middle_.run({"ip", "addr", "add", "10.0.0.2/24", "dev", "br0"});
  ASSERT_NO_FATAL_FAILURE(start());
  send({udp_frame({.port = kOpen}), udp_frame({.port = kOpen + 1})});
  ASSERT_NO_FATAL_FAILURE(stop(2));
  EXPECT_THAT(comments(), ElementsAre(queued(), dropped("NO_SOCKET")));
}

// Frames that were redirected into a veth reach the stack in batches, after the programs have run.
TEST_P(StackReceivers, BatchesAreOnlyPassed) {
  ASSERT_NO_FATAL_FAILURE(start());
  const Packet frame = udp_frame({.port = kOpen});
  middle_.call([&] {
    test_run(program("pass_all"), frame,
             {.repeat = 4,
              .ingress_ifindex = static_cast<std::uint32_t>(middle_.interface_index("m0")),
              .live_frames = true});
  });
  ASSERT_NO_FATAL_FAILURE(stop(4));
  EXPECT_EQ(counter("UdpNoPorts"), 4U);
  // In generic mode, the program on m0 then runs again.
  packets_.resize(4);
  const std::string index = std::to_string(middle_.interface_index("m0"));
  EXPECT_THAT(comments(), Each("fate=passed ingress=" + index + " rxq=0"));
}

TEST_P(StackReceivers, WithoutBtfAllIsPassed) {
  const std::string script =
      "mount -t tracefs tracefs /sys/kernel/tracing; XDPCAP_WITHOUT_BTF=1 exec \"$@\"";
  std::vector<std::string> command = {"unshare", "-m", "sh", "-c", script, "sh"};
  for (const std::string& word : tool({"--stack", pins_.path("hook"), file_, "ip"})) {
    command.push_back(word);
  }
  start_command(command);
  send({udp_frame({.port = kOpen})});
  ASSERT_NO_FATAL_FAILURE(stop(1));
  EXPECT_THAT(comments(), Each(StartsWith("fate=passed ingress=")));
  EXPECT_THAT(err_, HasSubstr("--stack: of packets with XDP_PASS, only that is known: "));
}

INSTANTIATE_TEST_SUITE_P(Modes, StackReceivers, ::testing::Values("xdpdrv", "xdpgeneric"),
                         [](const auto& chosen) { return std::string(chosen.param); });

}  // namespace
}  // namespace xdpcap::test
