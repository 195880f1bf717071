// SPDX-License-Identifier: BSD-3-Clause
// Packets that the network stack drops after XDP_PASS. The kernel's own counters say so, too.
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fate/stack_lab.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint16_t kOpen = 7000;
constexpr std::uint16_t kClosed = 7001;

class StackDrops : public StackLab {
 protected:
  // Between two packets that a socket gets; all three have to have their own fate.
  void expect_between(const Packet& frame, const std::string& reason) {
    const UniqueFd socket = bound(kOpen);
    ASSERT_NO_FATAL_FAILURE(start());
    send({udp_frame({.port = kOpen}), frame, udp_frame({.port = kOpen})});
    ASSERT_NO_FATAL_FAILURE(stop(3));
    const std::string delivered = with_ingress("fate=delivered");
    EXPECT_THAT(comments(), ElementsAre(delivered, dropped(reason), delivered)) << err_;
    EXPECT_EQ(in_table(2), "2");
    EXPECT_EQ(in_table(5), "1");
    EXPECT_THAT(err_, HasSubstr("\n    1 " + reason + ": "));
  }
};

TEST_P(StackDrops, NoSocket) {
  expect_between(udp_frame({.port = kClosed}), "NO_SOCKET");
  EXPECT_EQ(counter("UdpNoPorts"), 1U);
}

TEST_P(StackDrops, NoTcpSocket) {
  expect_between(tcp_frame({.port = kClosed}), "NO_SOCKET");
}

TEST_P(StackDrops, ChecksumOfTcp) {
  expect_between(tcp_frame({.port = kClosed, .good_checksum = false}), "TCP_CSUM");
  EXPECT_EQ(counter("TcpInCsumErrors"), 1U);
}

// Without a socket, the checksum is looked at in the stack; with one, only when it is read.
TEST_P(StackDrops, ChecksumOfUdp) {
  expect_between(udp_frame({.port = kClosed, .good_checksum = false}), "UDP_CSUM");
  EXPECT_EQ(counter("UdpInCsumErrors"), 1U);
}

TEST_P(StackDrops, Netfilter) {
  middle_.run({"nft",
               "add table ip t; add chain ip t in { type filter hook input priority 0; }; "
               "add rule ip t in udp dport " +
                   std::to_string(kClosed) + " counter drop"});
  expect_between(udp_frame({.port = kClosed}), "NETFILTER_DROP");
  EXPECT_THAT(must_run(middle_.inside({"nft", "list", "ruleset"})),
              HasSubstr("counter packets 1 "));
}

TEST_P(StackDrops, ReversePathFilter) {
  middle_.run({"sysctl", "-qw", "net.ipv4.conf.m0.rp_filter=1"});
  expect_between(udp_frame({.from = "192.0.2.1", .port = kOpen}), "IP_RPFILTER");
  EXPECT_EQ(counter("TcpExtIPReversePathFilter"), 1U);
}

TEST_P(StackDrops, AddressOfAnotherHost) {
  expect_between(udp_frame({.to_mac = {2, 0, 0, 0, 0, 9}, .port = kOpen}), "OTHERHOST");
  EXPECT_THAT(must_run(middle_.inside({"ip", "-s", "-s", "-j", "link", "show", "dev", "m0"})),
              HasSubstr(R"("otherhost":1)"));
}

TEST_P(StackDrops, FullSocketBuffer) {
  constexpr std::uint32_t kPackets = 20;
  const UniqueFd socket = bound(kOpen, 1);  // the kernel makes it 2304 bytes or so
  ASSERT_NO_FATAL_FAILURE(start());
  for (std::uint32_t i = 0; i < kPackets; ++i) send({udp_frame({.port = kOpen, .number = i})});
  ASSERT_NO_FATAL_FAILURE(stop(kPackets));
  const std::uint64_t errors = counter("UdpRcvbufErrors");
  ASSERT_GT(errors, 0U);
  ASSERT_LT(errors, kPackets);
  EXPECT_EQ(in_table(2), std::to_string(kPackets - errors));
  EXPECT_EQ(in_table(5), std::to_string(errors));
  const std::vector<std::string> all = comments();
  EXPECT_EQ(std::count(all.begin(), all.end(), dropped("SOCKET_RCVBUFF")),
            static_cast<std::ptrdiff_t>(errors));
}

TEST_P(StackDrops, AreSelectedByTheirReason) {
  ASSERT_NO_FATAL_FAILURE(start({"--stack", "--fate=no_socket"}));
  send({udp_frame({.port = kClosed}), tcp_frame({.port = kClosed, .good_checksum = false})});
  ASSERT_NO_FATAL_FAILURE(stop(1));
  EXPECT_THAT(comments(), ElementsAre(dropped("NO_SOCKET")));
  EXPECT_THAT(err_, HasSubstr("1 packet not selected (--fate)"));
}

// The socket's reader finds the wrong checksum long after the packet has been written.
TEST_P(StackDrops, TooLate) {
  const UniqueFd socket = bound(kOpen);
  ASSERT_NO_FATAL_FAILURE(start());
  send({udp_frame({.port = kOpen, .good_checksum = false})});
  await_written(1);
  char byte = 0;
  EXPECT_EQ(::recv(socket.get(), &byte, 1, MSG_DONTWAIT), -1);
  ASSERT_NO_FATAL_FAILURE(stop(1));
  EXPECT_EQ(counter("UdpInCsumErrors"), 1U);
  EXPECT_THAT(comments(), ElementsAre(with_ingress("fate=delivered")));
  EXPECT_THAT(err_, HasSubstr("1 report of the network stack came too late"));
}

INSTANTIATE_TEST_SUITE_P(Modes, StackDrops, ::testing::Values("xdpdrv", "xdpgeneric"),
                         [](const auto& chosen) { return std::string(chosen.param); });

}  // namespace
}  // namespace xdpcap::test
