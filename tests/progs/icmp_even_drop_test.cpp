// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "icmp_even_drop.skel.h"
#include "progs/captures.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

class IcmpEvenDrop : public testing::Test {
 protected:
  IcmpEvenDrop() { program_.watch(program_->maps.xdpcap_hook); }
  std::uint32_t verdict(const Bytes& packet) {
    return program_.run(program_->progs.icmp_even_drop, packet).action;
  }
  SkeletonProgram<icmp_even_drop_bpf> program_;
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

TEST_F(IcmpEvenDrop, DecidesOnEveryCaptureAsLibpcapDoes) {
  const std::string even = kWholeIpv4 + " and icmp[0] = 8 and icmp[6:2] & 1 = 0";
  for_each_captured_after_vlan(even, [&](const Bytes& packet, bool taken) {
    const Verdict verdict = program_.run(program_->progs.icmp_even_drop, packet);
    EXPECT_EQ(verdict.action, taken ? XDP_DROP : XDP_PASS);
    EXPECT_EQ(verdict.packet, packet);
  });
}

}  // namespace
}  // namespace xdpcap::test
