// SPDX-License-Identifier: BSD-3-Clause
#include "srv6_end/srv6_end.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "loader/netns.hpp"
#include "loader/percpu.hpp"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"
#include "srv6_end.skel.h"

namespace xdpcap::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kSegment = "fd11:5::1";
constexpr const char* kOtherSegment = "fd11:5::2";
constexpr std::size_t kDestinationAt = 14 + 24;
constexpr std::size_t kRoutingAt = 14 + 40;
constexpr std::size_t kHopLimitAt = 14 + 7;

Bytes address(const std::string& text) {
  Bytes binary(16);
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), binary.data()), 1) << text;
  return binary;
}

// A UDP packet on its way to kSegment. `list` is as in the header: the last to visit first.
Bytes routed(const std::vector<std::string>& list, std::uint8_t segments_left) {
  Bytes rest = {4, segments_left, static_cast<std::uint8_t>(list.size() - 1), 0, 0, 0};
  for (const std::string& segment : list) {
    const Bytes binary = address(segment);
    rest.insert(rest.end(), binary.begin(), binary.end());
  }
  return ethernet(kIpv6, ipv6("fd11:1::2", kSegment, IPPROTO_ROUTING,
                              ipv6_extension(IPPROTO_UDP, rest, udp(1, 2, bytes(20)))));
}

// In the middle node of a lab, so that FIB lookups find its routes and neighbours.
class Srv6End : public IngressTest<testing::Test> {
 protected:
  Srv6End() {
    program_.watch(program_->maps.xdpcap_hook);
    const std::uint8_t present = 1;
    bpf_map_update_elem(bpf_map__fd(program_->maps.segments), address(kSegment).data(), &present,
                        0);
    EXPECT_EQ(
        lab_.exec("source", {"ping", "-c", "1", "-W", "2", lab_.name("TARGET_IP6")}).exit_code, 0);
  }

  // The verdict, which counts as `counter` (or as nothing: SRV6_COUNT).
  Verdict route(const Bytes& frame, std::uint32_t counter, const char* ingress = "eth0") {
    const auto before = counts();
    const Verdict verdict = in_node_.run(
        [&] { return program_.run(program_->progs.srv6_end, frame, if_nametoindex(ingress)); });
    const auto after = counts();
    for (std::uint32_t i = 0; i < SRV6_COUNT; i++) {
      EXPECT_EQ(after.at(i), before.at(i) + (i == counter ? 1 : 0)) << "counter " << i;
    }
    return verdict;
  }
  void expect_unchanged(std::uint32_t action, const Bytes& frame, std::uint32_t counter) {
    const Verdict verdict = route(frame, counter);
    EXPECT_EQ(verdict.action, action);
    EXPECT_EQ(verdict.packet, frame);
  }
  std::vector<std::uint64_t> counts() {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 0; i < SRV6_COUNT; i++) {
      all.push_back(loader::sum_over_cpus(program_->maps.statistics, i));
    }
    return all;
  }
  // What End makes of the frame but for the MAC addresses.
  static Bytes advanced(Bytes frame, const std::string& next) {
    const Bytes binary = address(next);
    std::copy(binary.begin(), binary.end(), frame.begin() + kDestinationAt);
    frame.at(kRoutingAt + 3)--;
    return frame;
  }

  Lab lab_{"srv6"};
  loader::Netns in_node_{lab_.name("NODE")};
  SkeletonProgram<srv6_end_bpf> program_;
};

TEST_F(Srv6End, SendsToTheLastSegment) {
  const Bytes frame = routed({lab_.name("TARGET_SERVICE"), kSegment}, 1);
  const Verdict verdict = route(frame, SRV6_FORWARDED);
  EXPECT_EQ(verdict.action, XDP_REDIRECT);

  Bytes expected = advanced(frame, lab_.name("TARGET_SERVICE"));
  expected.at(kHopLimitAt)--;
  const Bytes to = mac(lab_.name("TARGET_MAC"));
  const Bytes from = mac(lab_.name("NODE_MAC_1"));
  std::copy(to.begin(), to.end(), expected.begin());
  std::copy(from.begin(), from.end(), expected.begin() + 6);
  EXPECT_EQ(verdict.packet, expected);
}

TEST_F(Srv6End, SendsBackOutOfTheSameInterface) {
  const Verdict verdict =
      route(routed({lab_.name("TARGET_SERVICE"), kSegment}, 1), SRV6_FORWARDED, "eth1");
  EXPECT_EQ(verdict.action, XDP_TX);
}

TEST_F(Srv6End, TakesTheSegmentThatIsNext) {
  const std::vector<std::string> list = {"fd00::1", "fd11:2::2", "fd00::3", kSegment};
  const Bytes frame = routed(list, 2);
  const Verdict verdict = route(frame, SRV6_FORWARDED);
  EXPECT_EQ(verdict.action, XDP_REDIRECT);
  EXPECT_EQ(
      Bytes(verdict.packet.begin() + kDestinationAt, verdict.packet.begin() + kDestinationAt + 16),
      address("fd11:2::2"));
  EXPECT_EQ(verdict.packet.at(kRoutingAt + 3), 1);
}

// RFC 8754 2: the first segment may be omitted from the list, then segments left is one more.
TEST_F(Srv6End, TakesAReducedList) {
  EXPECT_EQ(route(routed({lab_.name("TARGET_SERVICE")}, 1), SRV6_FORWARDED).action, XDP_REDIRECT);
}

TEST_F(Srv6End, LeavesToTheKernelWhatTheLookupCannotAnswer) {
  for (const char* next : {"fd11:2::77", "2001:db8::1", "fd11:1::1"}) {
    const Bytes frame = routed({next, kSegment}, 1);
    const Verdict verdict = route(frame, SRV6_TO_KERNEL);
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet, advanced(frame, next)) << "with the next segment as destination";
  }
}

TEST_F(Srv6End, DropsAContradictoryHeader) {
  const std::vector<std::string> list = {lab_.name("TARGET_SERVICE"), kSegment};
  expect_unchanged(XDP_DROP, routed(list, 3), SRV6_MALFORMED);  // more left than listed
  Bytes long_list = routed(list, 1);
  long_list.at(kRoutingAt + 4) = 2;  // last entry past the header's end
  expect_unchanged(XDP_DROP, long_list, SRV6_MALFORMED);
  Bytes no_list = routed(list, 1);
  no_list.at(kRoutingAt + 1) = 0;
  no_list.at(kRoutingAt + 4) = 0;
  expect_unchanged(XDP_DROP, no_list, SRV6_MALFORMED);
}

TEST_F(Srv6End, PassesWhatIsNotForIt) {
  const std::vector<std::string> list = {lab_.name("TARGET_SERVICE"), kSegment};
  expect_unchanged(XDP_PASS, routed(list, 0), SRV6_TO_KERNEL);
  Bytes other_type = routed(list, 1);
  other_type.at(kRoutingAt + 2) = 2;  // Mobile IPv6
  expect_unchanged(XDP_PASS, other_type, SRV6_TO_KERNEL);
  Bytes last_hop = routed(list, 1);
  last_hop.at(kHopLimitAt) = 1;
  expect_unchanged(XDP_PASS, last_hop, SRV6_HOP_LIMIT);
  Bytes not_ours = routed(list, 1);
  not_ours.at(kDestinationAt + 15) = 9;
  expect_unchanged(XDP_PASS, not_ours, SRV6_COUNT);
  expect_unchanged(XDP_PASS, ethernet(kIpv6, ipv6("fd11::1", kSegment, IPPROTO_UDP, bytes(8))),
                   SRV6_COUNT);
  expect_unchanged(XDP_PASS, ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", 43, bytes(24))),
                   SRV6_COUNT);
}

TEST_F(Srv6End, NothingIsWrittenToWhatIsCutOff) {
  const Bytes whole = routed({lab_.name("TARGET_SERVICE"), kSegment}, 1);
  for (const Bytes& frame : beginnings(whole)) {
    SCOPED_TRACE(frame.size());
    const std::size_t next_segment_ends = kRoutingAt + 8 + 16;
    if (frame.size() >= next_segment_ends) break;
    const bool dropped = frame.size() >= kRoutingAt;
    expect_unchanged(dropped ? XDP_DROP : XDP_PASS, frame, dropped ? SRV6_MALFORMED : SRV6_COUNT);
  }
}

TEST(Srv6EndInTheLab, PingGoesThroughTheSegment) {
  const Lab lab("srv6");
  const auto ping = [&](const std::string& address) {
    return lab.exec("source", {"ping", "-c", "5", "-i", "0.05", "-W", "1", address}).text;
  };
  EXPECT_THAT(ping(lab.name("TARGET_IP6")), HasSubstr(" 0% packet loss"));
  EXPECT_THAT(ping(lab.name("TARGET_SERVICE")), HasSubstr("100% packet loss")) << "nobody serves";
  for (const std::string mode : {"native", "generic"}) {
    SCOPED_TRACE(mode);
    // eth1 has no program, so nothing on this end keeps its veth from delivering.
    Command program({bin("srv6_end"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook",
                     lab.hook(), "--mode", mode, "--segment", lab.name("SEGMENT"), "--segment",
                     kOtherSegment, "--peer", lab.name("TARGET") + ":eth0", "--peer",
                     lab.name("SOURCE") + ":eth0"});
    ASSERT_TRUE(program.wait_for("(" + mode + ")")) << program.text();
    EXPECT_THAT(program.text(), Not(HasSubstr("warning")));
    EXPECT_THAT(ping(lab.name("TARGET_SERVICE")), HasSubstr(" 0% packet loss"));
    program.signal(SIGINT);
    EXPECT_THAT(program.finish().text, HasSubstr("forwarded 5, to the kernel 0, malformed 0"));
  }
}

// The segments of the captures are this node's, which has no route to any: the kernel gets the
// packet with its next segment. All else stays as it is.
TEST_F(Srv6End, TakesTheNextSegmentOfEveryCapture) {
  std::string ours = "(";
  for (const char* segment : {"2001:db8::2", "2001:db8:1::7", "2001:db8:3::1"}) {
    const std::uint8_t present = 1;
    bpf_map_update_elem(bpf_map__fd(program_->maps.segments), address(segment).data(), &present, 0);
    ours += (ours.size() > 1 ? " or dst host " : "dst host ") + std::string(segment);
  }
  const Judge for_us("ip6[0] & 0xf0 = 0x60 and ip6[39] >= 0 and ip6[6] = 43 and " + ours + ")");
  const std::string next =
      "ip6[0] & 0xf0 = 0x60 and ip6[6] = 43 and ip6[42] = 4 and ip6[43] > 0 and ip6[7] > 1 and "
      "ip6[44] <= (ip6[41] / 2) - 1 and ip6[43] <= ip6[44] + 1 and "
      "ip6[40 + 8 + ip6[43] * 16 - 1] >= 0 and " +
      ours + ")";
  for_each_captured(next, [&](const Bytes& packet, bool taken) {
    const Verdict verdict = in_node_.run(
        [&] { return program_.run(program_->progs.srv6_end, packet, if_nametoindex("eth0")); });
    if (!taken) {
      EXPECT_EQ(verdict.packet, packet);
      EXPECT_TRUE(verdict.action == XDP_PASS || for_us.takes(packet));
      return;
    }
    EXPECT_EQ(verdict.action, XDP_PASS);
    Bytes expected = packet;
    const std::ptrdiff_t left = --expected.at(kRoutingAt + 3);
    const auto segment = expected.begin() + kRoutingAt + 8 + 16 * left;
    std::copy(segment, segment + 16, expected.begin() + kDestinationAt);
    EXPECT_EQ(verdict.packet, expected);
  });
}

TEST(Srv6EndInTheLab, RefusesWhatIsNoSegment) {
  const Output wrong = output_of({bin("srv6_end"), "-i", "eth0", "--segment", "10.0.0.1"});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_EQ(wrong.text, "srv6_end: --segment 10.0.0.1: not an IPv6 address\n");
}

}  // namespace
}  // namespace xdpcap::test
