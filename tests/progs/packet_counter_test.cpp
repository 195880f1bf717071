// SPDX-License-Identifier: BSD-3-Clause
#include "packet_counter/packet_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <csignal>

#include "loader/percpu.hpp"
#include "packet_counter.skel.h"
#include "progs/hooked_program.hpp"
#include "progs/lab.hpp"

namespace xdpcap::test {
namespace {

using testing::HasSubstr;

class PacketCounter : public testing::Test {
 protected:
  PacketCounter() { program_.watch(program_->maps.xdpcap_hook); }

  // Which one counter a packet adds to.
  int counted_as(const Bytes& packet) {
    std::vector<std::uint64_t> before = counters();
    const Verdict verdict = program_.run(program_->progs.packet_counter, packet);
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet, padded(packet));
    const std::vector<std::uint64_t> after = counters();
    int counter = COUNTER_COUNT;
    for (int i = 0; i < COUNTER_COUNT; i++) {
      if (after.at(i) == before.at(i)) continue;
      EXPECT_EQ(counter, COUNTER_COUNT) << "two counters";
      EXPECT_EQ(after.at(i), before.at(i) + 1);
      counter = i;
    }
    return counter;
  }

  static Bytes padded(Bytes packet) {
    packet.resize(std::max<std::size_t>(packet.size(), 14));
    return packet;
  }

  std::vector<std::uint64_t> counters() {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 0; i < COUNTER_COUNT; i++) {
      all.push_back(loader::sum_over_cpus(program_->maps.counters, i));
    }
    return all;
  }

  HookedProgram<packet_counter_bpf> program_;
};

Bytes v4(std::uint8_t protocol, const Bytes& payload) {
  return ipv4("10.0.0.1", "10.0.0.2", protocol, payload);
}
Bytes v6(std::uint8_t next_header, const Bytes& payload) {
  return ipv6("fd00::1", "fd00::2", next_header, payload);
}

TEST_F(PacketCounter, CountsByProtocol) {
  EXPECT_EQ(counted_as(ethernet(kIpv4, v4(IPPROTO_ICMP, icmp_echo(1)))), IPPROTO_ICMP);
  EXPECT_EQ(counted_as(ethernet(kIpv4, v4(IPPROTO_TCP, tcp(1, 2, kTcpSyn, {})))), IPPROTO_TCP);
  EXPECT_EQ(counted_as(ethernet(kIpv6, v6(IPPROTO_UDP, udp(1, 2, {})))), IPPROTO_UDP);
  EXPECT_EQ(counted_as(ethernet(kIpv6, v6(IPPROTO_ICMPV6, bytes(8)))), IPPROTO_ICMPV6);
  EXPECT_EQ(counted_as(ethernet(kIpv4, v4(255, bytes(4)))), 255);
  EXPECT_EQ(counted_as(ethernet(kArp, bytes(28))), COUNTER_NOT_IP);
}

TEST_F(PacketCounter, LooksBehindVlanTagsAndIpv4Options) {
  const Bytes inner = v4(IPPROTO_UDP, udp(1, 2, {}));
  EXPECT_EQ(counted_as(ethernet(0x8100, vlan(5, kIpv4, inner))), IPPROTO_UDP);
  EXPECT_EQ(counted_as(ethernet(0x88a8, vlan(5, 0x8100, vlan(6, kIpv4, inner)))), IPPROTO_UDP);
  const Bytes optioned =
      ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, udp(1, 2, {}), 0, {1, 1, 1, 0, 1, 1, 1, 0});
  EXPECT_EQ(counted_as(ethernet(kIpv4, optioned)), IPPROTO_UDP);
}

TEST_F(PacketCounter, LooksBehindIpv6Extensions) {
  const Bytes options = ipv6_extension(IPPROTO_TCP, bytes(14), tcp(1, 2, kTcpSyn, {}));
  EXPECT_EQ(counted_as(ethernet(kIpv6, v6(IPPROTO_HOPOPTS, options))), IPPROTO_TCP);
  const Bytes fragment = {IPPROTO_UDP, 0xff, 0, 0, 0, 0, 0, 1};  // its second byte is no length
  EXPECT_EQ(counted_as(ethernet(kIpv6, v6(IPPROTO_FRAGMENT, fragment))), IPPROTO_UDP);
  Bytes many = udp(1, 2, {});
  std::uint8_t next = IPPROTO_UDP;
  for (int i = 0; i < 5; i++) {
    many = ipv6_extension(next, {}, many);
    next = IPPROTO_DSTOPTS;
  }
  EXPECT_EQ(counted_as(ethernet(kIpv6, v6(IPPROTO_DSTOPTS, many))), IPPROTO_UDP);
}

// Each packet, cut at every length: what is cut inside of a header is counted as that and nothing
// else, and every one comes out through the hook.
TEST_F(PacketCounter, CountsWhatIsCutOff) {
  const Bytes four = ethernet(kIpv4, v4(IPPROTO_ICMP, icmp_echo(1)));
  for (std::size_t size = 14; size < four.size(); size++) {
    SCOPED_TRACE(size);
    EXPECT_EQ(counted_as({four.begin(), four.begin() + static_cast<std::ptrdiff_t>(size)}),
              size < 34 ? int{COUNTER_TRUNCATED} : int{IPPROTO_ICMP});
  }
  const Bytes six = ethernet(
      0x8100, vlan(1, kIpv6, v6(IPPROTO_DSTOPTS, ipv6_extension(IPPROTO_UDP, {}, udp(1, 2, {})))));
  for (std::size_t size = 14; size < six.size(); size++) {
    SCOPED_TRACE(size);
    EXPECT_EQ(counted_as({six.begin(), six.begin() + static_cast<std::ptrdiff_t>(size)}),
              size < 66 ? int{COUNTER_TRUNCATED} : int{IPPROTO_UDP});
  }
  EXPECT_EQ(counted_as(ethernet(kIpv4, bytes(40))), COUNTER_TRUNCATED) << "version 0";
}

TEST(PacketCounterInTheLab, PrintsTheCountersByName) {
  const Lab lab("one");
  for (const std::string mode : {"native", "generic"}) {
    SCOPED_TRACE(mode);
    Process program({bin("packet_counter"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook",
                     lab.hook(), "--mode", mode});
    ASSERT_TRUE(program.wait_for("(" + mode + ")")) << program.text();
    EXPECT_EQ(lab.exec("peer", {"ping", "-c", "5", "-i", "0.01", lab.name("NODE_IP")}).exit_code,
              0);
    EXPECT_EQ(lab.exec("peer", {"ping", "-c", "3", "-i", "0.01", lab.name("NODE_IP6")}).exit_code,
              0);
    EXPECT_TRUE(program.wait_for("ICMP 5")) << program.text();
    program.signal(SIGINT);
    const Output output = program.finish();
    EXPECT_EQ(output.exit_code, 0);
    EXPECT_THAT(output.text, HasSubstr("ICMPv6 "));
  }
}

}  // namespace
}  // namespace xdpcap::test
