// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "loader/netns.hpp"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"
#include "redirect_map.skel.h"
#include "support/kernel_knowledge.hpp"

namespace xdpcap::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// In the router of a lab, so that FIB lookups find its routes and neighbours.
class RedirectMap : public IngressTest<testing::Test> {
 protected:
  RedirectMap() {
    program_.watch(program_->maps.xdpcap_hook);
    const in_addr_t own = inet_addr(lab_.name("ROUTER_IP").c_str());
    const std::uint8_t present = 1;
    bpf_map_update_elem(bpf_map__fd(program_->maps.own_addresses), &own, &present, 0);
    in_router_.run([&] {
      const std::uint32_t out = if_nametoindex("eth1");
      bpf_map_update_elem(bpf_map__fd(program_->maps.devices), &out, &out, 0);
    });
    // Neighbours are known once there was traffic.
    EXPECT_EQ(lab_.exec("left", {"ping", "-c", "1", "-W", "2", lab_.name("RIGHT_IP")}).exit_code,
              0);
  }

  Verdict route(const Bytes& frame) {
    return in_router_.run(
        [&] { return program_.run(program_->progs.redirect_map, frame, if_nametoindex("eth0")); });
  }
  void expect_passed_as_it_came(const Bytes& frame) {
    const Verdict verdict = route(frame);
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet, frame);
  }
  Bytes echo_to(const std::string& destination, std::size_t payload = 56) {
    return ethernet(
        kIpv4, ipv4(lab_.name("LEFT_IP"), destination, IPPROTO_ICMP, icmp_echo(1, bytes(payload))));
  }

  Lab lab_{"router"};
  loader::Netns in_router_{lab_.name("ROUTER")};
  SkeletonProgram<redirect_map_bpf> program_;
};

TEST_F(RedirectMap, ForwardsByTheKernelsRoutes) {
  const Bytes frame = echo_to(lab_.name("RIGHT_IP"));
  const Verdict verdict = route(frame);
  EXPECT_EQ(verdict.action, XDP_REDIRECT);

  Bytes expected = mac(lab_.name("RIGHT_MAC"));
  const Bytes source = mac(lab_.name("ROUTER_MAC_1"));
  expected.insert(expected.end(), source.begin(), source.end());
  EXPECT_EQ(Bytes(verdict.packet.begin(), verdict.packet.begin() + 12), expected);
  EXPECT_EQ(verdict.packet[22], frame[22] - 1) << "time to live";
  EXPECT_TRUE(checksums_right(without_front(verdict.packet, 14)));
  EXPECT_EQ(without_front(verdict.packet, 26), without_front(frame, 26));
}

// The update of a checksum by the difference has a carry for some checksums only: these go through
// all upper bytes, with the lower bytes next to a carry, on a machine of either byte order.
TEST_F(RedirectMap, ChecksumsStayRightThroughEveryCarry) {
  for (unsigned upper = 0; upper < 256; upper++) {
    for (const unsigned lower : {0x00U, 0xf7U, 0xfeU, 0xffU}) {
      // An echo request's checksum is the complement of 0x0800 + 7 (its id) + its sequence.
      const unsigned checksum = upper << 8 | lower;
      const auto sequence = static_cast<std::uint16_t>(0xffff - checksum - 0x0807);
      const Verdict verdict =
          route(ethernet(kIpv4, ipv4(lab_.name("LEFT_IP"), lab_.name("ROUTER_IP"), IPPROTO_ICMP,
                                     icmp_echo(sequence))));
      ASSERT_EQ(verdict.action, XDP_TX);
      ASSERT_TRUE(checksums_right(without_front(verdict.packet, 14))) << checksum;
    }
  }
}

TEST_F(RedirectMap, AnswersEchoToItsOwnAddress) {
  const Verdict verdict = route(echo_to(lab_.name("ROUTER_IP")));
  EXPECT_EQ(verdict.action, XDP_TX);
  Bytes expected = ethernet(kIpv4, ipv4(lab_.name("ROUTER_IP"), lab_.name("LEFT_IP"), IPPROTO_ICMP,
                                        icmp_echo(1, bytes(56), 0)));
  std::swap_ranges(expected.begin(), expected.begin() + 6, expected.begin() + 6);
  EXPECT_EQ(verdict.packet, expected);
}

TEST_F(RedirectMap, LeavesTheRestToTheKernel) {
  const std::string left = lab_.name("LEFT_IP");
  const std::string right = lab_.name("RIGHT_IP");
  expect_passed_as_it_came(ethernet(kIpv4, ipv4(left, right, IPPROTO_UDP, udp(1, 2, bytes(9)))));
  expect_passed_as_it_came(
      ethernet(kIpv6, ipv6("fd11:1::2", "fd11:2::2", IPPROTO_ICMPV6, bytes(8))));
  expect_passed_as_it_came(ethernet(kArp, bytes(28)));
  expect_passed_as_it_came(ethernet(0x8100, vlan(5, kIpv4, without_front(echo_to(right), 14))));
  expect_passed_as_it_came(ethernet(kIpv4, ipv4(left, right, IPPROTO_ICMP, icmp_echo(1), 0x2000)));
  expect_passed_as_it_came(
      ethernet(kIpv4, ipv4(left, right, IPPROTO_ICMP, icmp_echo(1), 0, {1, 1, 1, 0})));
  expect_passed_as_it_came(echo_to("198.51.100.1"));  // no route
  expect_passed_as_it_came(echo_to("10.11.2.77"));    // no neighbour yet
  expect_passed_as_it_came(echo_to("10.11.1.77"));    // not through the DEVMAP
  expect_passed_as_it_came(echo_to(right, 1600));     // longer than the MTU
  Bytes old = echo_to(right);
  old[22] = 1;  // time to live
  expect_passed_as_it_came(old);
  expect_passed_as_it_came(ethernet(
      kIpv4, ipv4(left, lab_.name("ROUTER_IP"), IPPROTO_ICMP, icmp_echo(1, {}, 0))));  // a reply
}

TEST_F(RedirectMap, PassesWhatIsCutOff) {
  for (const Bytes& frame : beginnings(echo_to(lab_.name("RIGHT_IP"), 0))) {
    expect_passed_as_it_came(frame);
  }
}

// No capture's destination has a route here, so it answers, or leaves the packet alone.
TEST_F(RedirectMap, AnswersTheEchoRequestsThatLibpcapFinds) {
  const in_addr_t own = inet_addr("192.0.2.2");
  const std::uint8_t present = 1;
  bpf_map_update_elem(bpf_map__fd(program_->maps.own_addresses), &own, &present, 0);
  const std::string request =
      "ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and icmp[0:2] = 0x0800 and icmp[7] >= 0 and "
      "dst host 192.0.2.2";
  for_each_captured(request, [&](const Bytes& packet, bool taken) {
    const Verdict verdict = route(packet);
    EXPECT_EQ(verdict.action, taken ? XDP_TX : XDP_PASS);
    Bytes expected = packet;
    if (!taken) {
      EXPECT_EQ(verdict.packet, expected);
      return;
    }
    std::swap_ranges(expected.begin(), expected.begin() + 6, expected.begin() + 6);
    std::swap_ranges(expected.begin() + 26, expected.begin() + 30, expected.begin() + 30);
    expected.at(34) = 0;  // type: reply
    expected.at(36) = verdict.packet.at(36);
    expected.at(37) = verdict.packet.at(37);
    EXPECT_EQ(verdict.packet, expected);
    EXPECT_EQ(checksums_right(without_front(verdict.packet, 14)),
              checksums_right(without_front(packet, 14)));
  });
}

class RedirectMapInTheLab : public testing::Test {
 protected:
  std::vector<std::string> command(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        bin("redirect_map"), "-i",     "eth0",     "-i", "eth1", "--netns",
        lab_.name("ROUTER"), "--hook", lab_.hook()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string ping(const char* from, const char* to) {
    return lab_.exec(from, {"ping", "-c", "5", "-i", "0.05", "-W", "1", lab_.name(to)}).text;
  }
  // How many packets the router's own stack has forwarded.
  std::string forwarded() {
    return lab_.exec("router", {"sh", "-c", "sed -n 2p /proc/net/snmp | cut -d' ' -f7"}).text;
  }
  Lab lab_{"router"};
};

TEST_F(RedirectMapInTheLab, RoutesAndAnswersPing) {
  const std::vector<std::vector<std::string>> modes = {
      {"--mode", "native", "--peer", lab_.name("LEFT") + ":eth0", "--peer",
       lab_.name("RIGHT") + ":eth0"},
      {"--mode", "generic"}};
  for (const auto& mode : modes) {
    SCOPED_TRACE(mode[1]);
    EXPECT_THAT(ping("left", "RIGHT_IP"), HasSubstr(" 0% packet loss"));  // neighbours are known
    const Command program(command(mode));
    ASSERT_TRUE(program.wait_for("hook pinned at")) << program.text();
    EXPECT_THAT(program.text(), Not(HasSubstr("warning")));
    const std::string before = forwarded();
    EXPECT_THAT(ping("left", "RIGHT_IP"), HasSubstr(" 0% packet loss"));
    EXPECT_EQ(forwarded(), before) << "it was XDP that forwarded";
    EXPECT_THAT(ping("right", "ROUTER_IP_1"), HasSubstr(" 0% packet loss"));
    EXPECT_THAT(ping("left", "RIGHT_IP6"), HasSubstr(" 0% packet loss")) << "by the kernel";
  }
}

TEST_F(RedirectMapInTheLab, WarnsOfAPeerThatSwallowsPackets) {
  if (!has_xdp_features()) {
    GTEST_SKIP() << "this kernel does not say which interfaces take redirected packets (6.3)";
  }
  EXPECT_THAT(ping("left", "RIGHT_IP"), HasSubstr(" 0% packet loss"));
  const Command program(command({"--mode", "native", "--peer", lab_.name("LEFT") + ":eth0"}));
  ASSERT_TRUE(program.wait_for("hook pinned at")) << program.text();
  EXPECT_THAT(program.text(),
              HasSubstr("warning: frames that XDP sends to eth1 are lost (the peer of a veth needs "
                        "an XDP program; --peer NETNS:IFACE gives it one)"));
  EXPECT_THAT(program.text(), Not(HasSubstr("warning: eth0")));
  EXPECT_THAT(ping("left", "RIGHT_IP"), HasSubstr("100% packet loss")) << "as it said";
}

TEST_F(RedirectMapInTheLab, WarnsOfForwardingOff) {
  ASSERT_EQ(lab_.exec("router", {"sysctl", "-qw", "net.ipv4.ip_forward=0"}).exit_code, 0);
  const Command program(command({"--mode", "generic"}));
  ASSERT_TRUE(program.wait_for("hook pinned at")) << program.text();
  EXPECT_THAT(program.text(), HasSubstr("warning: forwarding is off on eth0"));
  EXPECT_THAT(program.text(), HasSubstr("sysctl -w net.ipv4.conf.all.forwarding=1"));
}

TEST_F(RedirectMapInTheLab, RefusesAPeerThatIsNone) {
  const Output wrong = output_of(command({"--peer", "eth0"}));
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.text, HasSubstr("not of the form NETNS:IFACE"));
}

}  // namespace
}  // namespace xdpcap::test
