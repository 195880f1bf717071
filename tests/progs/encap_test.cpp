// SPDX-License-Identifier: BSD-3-Clause
#include "encap/encap.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "encap.skel.h"
#include "loader/netns.hpp"
#include "loader/percpu.hpp"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kTtlAt = 8;

// In the router of a lab: its route to the remote end, "right", is what the lookups find.
class Encap : public IngressTest<testing::TestWithParam<const char*>> {
 protected:
  Encap()
      : program_([&](encap_bpf& program) {
          program.rodata->local_end = inet_addr(lab_.name("ROUTER_IP_1").c_str());
          program.rodata->remote_end = inet_addr(lab_.name("RIGHT_IP").c_str());
          program.rodata->inner_network = inet_addr("10.99.0.0");
          program.rodata->inner_mask = inet_addr("255.255.255.0");
          program.rodata->use_gre = gre() ? 1 : 0;
        }) {
    program_.watch(program_->maps.xdpcap_hook);
    EXPECT_EQ(lab_.exec("left", {"ping", "-c", "1", "-W", "2", lab_.name("RIGHT_IP")}).exit_code,
              0);
  }

  static bool gre() { return GetParam() == std::string("gre"); }
  static std::size_t overhead() { return gre() ? 24 : 20; }

  // The verdict, which counts as `counter` (or as nothing: TUNNEL_COUNT).
  Verdict tunnel(const Bytes& frame, std::uint32_t counter, const char* ingress = "eth0") {
    const auto before = counts();
    const Verdict verdict = in_router_.run(
        [&] { return program_.run(program_->progs.encap, frame, if_nametoindex(ingress)); });
    const auto after = counts();
    for (std::uint32_t i = 0; i < TUNNEL_COUNT; i++) {
      EXPECT_EQ(after.at(i), before.at(i) + (i == counter ? 1 : 0)) << "counter " << i;
    }
    return verdict;
  }
  void expect_unchanged(std::uint32_t action, const Bytes& frame, std::uint32_t counter) {
    const Verdict verdict = tunnel(frame, counter);
    EXPECT_EQ(verdict.action, action);
    EXPECT_EQ(verdict.packet, frame);
  }
  std::vector<std::uint64_t> counts() {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 0; i < TUNNEL_COUNT; i++) {
      all.push_back(loader::sum_over_cpus(program_->maps.statistics, i));
    }
    return all;
  }

  // The Ethernet header of `frame` before `payload`.
  static Bytes ethernet_of(const Bytes& frame, const Bytes& payload) {
    Bytes whole(frame.begin(), frame.begin() + 14);
    whole.insert(whole.end(), payload.begin(), payload.end());
    return whole;
  }
  Bytes inner(std::size_t payload, const char* destination = "10.99.0.1") {
    return ipv4(lab_.name("LEFT_IP"), destination, IPPROTO_UDP, udp(7, 8, bytes(payload)));
  }
  // The outer headers, as the sender of a tunnel may write them.
  static Bytes outer(const std::string& from, const std::string& to, const Bytes& packet,
                     std::uint16_t fragment = 0x4000) {
    if (!gre()) return ipv4(from, to, IPPROTO_IPIP, packet, fragment);
    Bytes framed(4 + packet.size());
    framed[2] = 0x08;  // the protocol, IPv4
    std::copy(packet.begin(), packet.end(), framed.begin() + 4);
    return ipv4(from, to, IPPROTO_GRE, framed, fragment);
  }
  Bytes from_remote(const Bytes& packet, std::uint16_t fragment = 0x4000) {
    return ethernet(kIpv4,
                    outer(lab_.name("RIGHT_IP"), lab_.name("ROUTER_IP_1"), packet, fragment));
  }

  Lab lab_{"router"};
  loader::Netns in_router_{lab_.name("ROUTER")};
  SkeletonProgram<encap_bpf> program_;
};

TEST_P(Encap, PutsAnOuterHeaderInFront) {
  const Bytes packet = inner(101);
  const Verdict verdict = tunnel(ethernet(kIpv4, packet), TUNNEL_ENCAPSULATED);
  EXPECT_EQ(verdict.action, XDP_REDIRECT);
  ASSERT_EQ(verdict.packet.size(), 14 + overhead() + packet.size());
  EXPECT_EQ(Bytes(verdict.packet.begin(), verdict.packet.begin() + 6), mac(lab_.name("RIGHT_MAC")));
  EXPECT_EQ(Bytes(verdict.packet.begin() + 6, verdict.packet.begin() + 12),
            mac(lab_.name("ROUTER_MAC_1")));

  const Bytes out = without_front(verdict.packet, 14);
  EXPECT_TRUE(checksums_right(out));
  Bytes expected = outer(lab_.name("ROUTER_IP_1"), lab_.name("RIGHT_IP"), packet);
  expected[4] = expected[5] = 0;  // identification
  expected[10] = out[10];         // checksum: shown to be right
  expected[11] = out[11];
  const Bytes inside = without_front(out, overhead());
  EXPECT_EQ(Bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(overhead())),
            Bytes(expected.begin(), expected.begin() + static_cast<std::ptrdiff_t>(overhead())));
  EXPECT_EQ(inside.at(kTtlAt), packet.at(kTtlAt) - 1);
  EXPECT_TRUE(checksums_right(inside));
  EXPECT_EQ(without_front(inside, 12), without_front(packet, 12));
}

TEST_P(Encap, SendsBackOutOfTheSameInterface) {
  EXPECT_EQ(tunnel(ethernet(kIpv4, inner(10)), TUNNEL_ENCAPSULATED, "eth1").action, XDP_TX);
}

TEST_P(Encap, TakesTheOuterHeaderOff) {
  const Bytes packet = inner(101, "192.0.2.1");
  const Verdict verdict = tunnel(from_remote(packet), TUNNEL_DECAPSULATED);
  EXPECT_EQ(verdict.action, XDP_PASS);
  EXPECT_EQ(verdict.packet, ethernet(kIpv4, packet));
}

TEST_P(Encap, RespectsTheMtu) {
  const std::size_t headers = 28 + overhead();
  EXPECT_EQ(tunnel(ethernet(kIpv4, inner(1500 - headers)), TUNNEL_ENCAPSULATED).action,
            XDP_REDIRECT);
  expect_unchanged(XDP_DROP, ethernet(kIpv4, inner(1501 - headers)), TUNNEL_TOO_LONG);
}

TEST_P(Encap, DropsWhileThereIsNoRoute) {
  ASSERT_EQ(lab_.exec("router", {"ip", "link", "set", "eth1", "down"}).exit_code, 0);
  expect_unchanged(XDP_DROP, ethernet(kIpv4, inner(10)), TUNNEL_NO_ROUTE);
}

TEST_P(Encap, PassesWhatIsNotForTheTunnel) {
  expect_unchanged(XDP_PASS, ethernet(kIpv4, inner(10, "10.99.1.1")), TUNNEL_COUNT);
  expect_unchanged(XDP_PASS, ethernet(kArp, bytes(28)), TUNNEL_COUNT);
  expect_unchanged(XDP_PASS, from_remote(inner(10), 0x2000), TUNNEL_COUNT);
  expect_unchanged(XDP_PASS,
                   ethernet(kIpv4, outer("192.0.2.9", lab_.name("ROUTER_IP_1"), inner(10))),
                   TUNNEL_COUNT);
  expect_unchanged(XDP_PASS, from_remote(bytes(40)), TUNNEL_COUNT);  // nothing IPv4 inside
  Bytes old = ethernet(kIpv4, inner(10));
  old.at(14 + kTtlAt) = 1;
  expect_unchanged(XDP_PASS, old, TUNNEL_COUNT);
  if (gre()) {
    Bytes keyed = from_remote(inner(10));
    keyed.at(34) = 0x20;
    expect_unchanged(XDP_PASS, keyed, TUNNEL_COUNT);
  }
}

TEST_P(Encap, PassesWhatIsCutOff) {
  const Bytes whole = from_remote(inner(0));
  for (const Bytes& frame : beginnings(whole)) {
    if (frame.size() >= 14 + overhead() + 20) break;
    expect_unchanged(XDP_PASS, frame, TUNNEL_COUNT);
  }
}

// The tunnels of the captures end here: what libpcap finds in them comes out, all else stays.
TEST_P(Encap, TakesOffWhatLibpcapFindsInEveryCapture) {
  SkeletonProgram<encap_bpf> program([](encap_bpf& code) {
    code.rodata->local_end = inet_addr("192.0.2.2");
    code.rodata->remote_end = inet_addr("192.0.2.1");
    code.rodata->inner_network = inet_addr("198.18.0.0");
    code.rodata->inner_mask = inet_addr("255.254.0.0");
    code.rodata->use_gre = gre() ? 1 : 0;
  });
  program.watch(program->maps.xdpcap_hook);
  const std::string outer =
      "ip[0] = 0x45 and ip[6:2] & 0x3fff = 0 and src host 192.0.2.1 and dst host 192.0.2.2 and ";
  const auto inner = [](const std::string& at) {
    return "ip[" + at + "] & 0xf0 = 0x40 and ip[" + at + "] & 0xf >= 5 and ip[" + at + " + (ip[" +
           at + "] & 0xf) * 4 - 1] >= 0";
  };
  const std::string tunnelled =
      outer + (gre() ? "ip[9] = 47 and ip[20:4] = 0x0800 and " + inner("24")
                     : "ip[9] = 4 and " + inner("20"));
  for_each_captured(tunnelled, [&](const Bytes& packet, bool taken) {
    const Verdict verdict = program.run(program->progs.encap, packet);
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet,
              taken ? ethernet_of(packet, without_front(packet, 14 + overhead())) : packet);
  });
}

INSTANTIATE_TEST_SUITE_P(Types, Encap, testing::Values("ipip", "gre"),
                         [](const auto& type) { return std::string(type.param); });

TEST(EncapOptions, AreChecked) {
  const auto with = [](const char* local, const char* remote, const char* inner) {
    return output_of(
               {bin("encap"), "-i", "eth0", "--local", local, "--remote", remote, "--inner", inner})
        .text;
  };
  EXPECT_EQ(with("fd00::1", "10.0.0.1", "10.9.0.0/16"),
            "encap: --local fd00::1: not an IPv4 address\n");
  EXPECT_EQ(with("10.0.0.1", "10.0.0.2", "10.9.0.0/33"),
            "encap: --inner 10.9.0.0/33: bad length\n");
  EXPECT_EQ(with("10.0.0.1", "10.0.0.2", "10.9.0.1/16"),
            "encap: --inner 10.9.0.1/16: host bits set\n");
  EXPECT_EQ(with("10.0.0.1", "10.0.0.2", "10.0.0.0/8"),
            "encap: --remote lies in --inner: the tunnel would go through itself\n");
}

}  // namespace
}  // namespace xdpcap::test
