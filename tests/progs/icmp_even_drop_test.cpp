// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include "icmp_even_drop.skel.h"
#include "progs/hooked_program.hpp"
#include "progs/lab.hpp"

namespace xdpcap::test {
namespace {

using testing::HasSubstr;

class IcmpEvenDrop : public testing::Test {
 protected:
  IcmpEvenDrop() { program_.watch(program_->maps.xdpcap_hook); }
  std::uint32_t verdict(const Bytes& packet) {
    return program_.run(program_->progs.icmp_even_drop, packet).action;
  }
  HookedProgram<icmp_even_drop_bpf> program_;
};

Bytes echo(const Bytes& message, std::uint16_t fragment = 0) {
  return ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_ICMP, message, fragment));
}

TEST_F(IcmpEvenDrop, DropsEvenRequestsOnly) {
  for (const int sequence : {0, 1, 2, 3, 255, 256, 65534, 65535}) {
    EXPECT_EQ(verdict(echo(icmp_echo(static_cast<std::uint16_t>(sequence), bytes(56)))),
              sequence % 2 == 0 ? XDP_DROP : XDP_PASS)
        << sequence;
  }
}

TEST_F(IcmpEvenDrop, PassesEverythingElse) {
  EXPECT_EQ(verdict(echo(icmp_echo(2, {}, 0))), XDP_PASS) << "a reply";
  EXPECT_EQ(verdict(echo(icmp_echo(2), 0x0010)), XDP_PASS) << "a later fragment";
  EXPECT_EQ(verdict(echo(icmp_echo(2), 0x2000)), XDP_DROP) << "a first fragment";
  EXPECT_EQ(verdict(ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, icmp_echo(2)))),
            XDP_PASS);
  EXPECT_EQ(verdict(ethernet(kIpv6, ipv6("fd00::1", "fd00::2", IPPROTO_ICMP, icmp_echo(2)))),
            XDP_PASS);
}

TEST_F(IcmpEvenDrop, PassesWhatIsCutOff) {
  const Bytes whole = echo(icmp_echo(2));
  for (std::size_t size = 14; size < whole.size(); size++) {
    EXPECT_EQ(verdict({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}), XDP_PASS)
        << size;
  }
  EXPECT_EQ(verdict(whole), XDP_DROP);
}

TEST(IcmpEvenDropInTheLab, PingLosesExactlyHalf) {
  const Lab lab("one");
  for (const std::string mode : {"native", "generic"}) {
    SCOPED_TRACE(mode);
    Process program({bin("icmp_even_drop"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook",
                     lab.hook(), "--mode", mode});
    ASSERT_TRUE(program.wait_for("(" + mode + ")")) << program.text();
    const Output ping =
        lab.exec("peer", {"ping", "-c", "10", "-i", "0.05", "-W", "1", lab.name("NODE_IP")});
    EXPECT_THAT(ping.text, HasSubstr("10 packets transmitted, 5 received, 50% packet loss"));
    for (const char* sequence : {"icmp_seq=1 ", "icmp_seq=3 ", "icmp_seq=9 "}) {
      EXPECT_THAT(ping.text, HasSubstr(sequence));
    }
  }
}

}  // namespace
}  // namespace xdpcap::test
