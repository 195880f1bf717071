// SPDX-License-Identifier: BSD-3-Clause
#include "packet_counter/packet_counter.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "loader/percpu.hpp"
#include "packet_counter.skel.h"
#include "progs/captures.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

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

  SkeletonProgram<packet_counter_bpf> program_;
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

TEST_F(PacketCounter, LooksPastVlanTagsAndIpv4Options) {
  const Bytes inner = v4(IPPROTO_UDP, udp(1, 2, {}));
  EXPECT_EQ(counted_as(ethernet(0x8100, vlan(5, kIpv4, inner))), IPPROTO_UDP);
  EXPECT_EQ(counted_as(ethernet(0x88a8, vlan(5, 0x8100, vlan(6, kIpv4, inner)))), IPPROTO_UDP);
  const Bytes optioned =
      ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, udp(1, 2, {}), 0, {1, 1, 1, 0, 1, 1, 1, 0});
  EXPECT_EQ(counted_as(ethernet(kIpv4, optioned)), IPPROTO_UDP);
}

TEST_F(PacketCounter, LooksPastIpv6Extensions) {
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

// The counter that a packet has to add to: of IPv6, only without extension headers.
std::optional<std::uint32_t> expected_counter(const Bytes& packet) {
  static const Judge ipv4(kWholeIpv4);
  static const Judge ipv6("ip6 and ip6[39] >= 0");
  static const Judge extended("ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60");
  static const Judge other("not ip and not ip6 and not vlan");
  const Bytes plain = without_vlan_tags(packet);
  if (ipv4.takes(plain)) return plain.at(14 + 9);
  if (ipv6.takes(plain) && !extended.takes(plain)) return plain.at(14 + 6);
  if (other.takes(plain)) return COUNTER_NOT_IP;
  return std::nullopt;
}

TEST_F(PacketCounter, CountsEveryCaptureAsLibpcapDoes) {
  std::uint64_t packets = 0;
  for_each_captured("ip or ip6", [&](const Bytes& packet, bool) {
    const auto index = expected_counter(packet).value_or(COUNTER_TRUNCATED);
    const std::uint64_t before = loader::sum_over_cpus(program_->maps.counters, index);
    const Verdict verdict = program_.run(program_->progs.packet_counter, packet);
    const std::uint64_t added = loader::sum_over_cpus(program_->maps.counters, index) - before;
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet, packet);
    EXPECT_TRUE(added == 1 || !expected_counter(packet)) << index;
    ++packets;
  });
  const auto all = counters();
  EXPECT_EQ(std::accumulate(all.begin(), all.end(), std::uint64_t{0}), packets);
}

}  // namespace
}  // namespace xdpcap::test
