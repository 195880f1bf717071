// SPDX-License-Identifier: BSD-3-Clause
#include <bpf/bpf.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>

#include "chain.skel.h"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint32_t kFirst = 100;
constexpr std::uint32_t kSecond = 200;

class Chain : public testing::Test {
 protected:
  Chain() {
    program_.watch(program_->maps.first_hook, kFirst);
    program_.watch(program_->maps.second_hook, kSecond);
  }
  // The action, if it was decided by the program whose hook has the markers from `base`.
  std::uint32_t decided(std::uint32_t base, const Bytes& frame) {
    return program_.run(program_->progs.first, frame, 0, base).action;
  }
  SkeletonProgram<chain_bpf> program_;
};

Bytes v4(std::uint8_t protocol, const Bytes& payload) {
  return ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", protocol, payload));
}

TEST_F(Chain, EachDecisionComesOutOfTheHookOfItsProgram) {
  EXPECT_EQ(decided(kFirst, v4(IPPROTO_UDP, udp(1, 2, {}))), XDP_DROP);
  EXPECT_EQ(decided(kSecond, v4(IPPROTO_ICMP, icmp_echo(1))), XDP_DROP);
  EXPECT_EQ(decided(kSecond, v4(IPPROTO_ICMP, icmp_echo(1, {}, 0))), XDP_PASS);
  EXPECT_EQ(decided(kSecond, v4(IPPROTO_TCP, tcp(1, 2, kTcpSyn, {}))), XDP_PASS);
  EXPECT_EQ(decided(kSecond, ethernet(kArp, bytes(28))), XDP_PASS);
}

TEST_F(Chain, WithoutASecondTheFirstAborts) {
  const std::uint32_t index = 0;
  ASSERT_EQ(bpf_map_delete_elem(bpf_map__fd(program_->maps.next), &index), 0);
  EXPECT_EQ(decided(kFirst, v4(IPPROTO_ICMP, icmp_echo(1))), XDP_ABORTED);
}

TEST_F(Chain, PassesWhatIsCutOff) {
  for (const Bytes& frame : beginnings(v4(IPPROTO_ICMP, icmp_echo(1)))) {
    EXPECT_EQ(decided(kSecond, frame), XDP_PASS) << frame.size();
  }
}

TEST_F(Chain, DecidesOnEveryCaptureAsLibpcapDoes) {
  const Judge echo(kWholeIpv4 + " and icmp[0] = 8 and icmp[7] >= 0");
  const std::string udp = kWholeIpv4 + " and ip proto 17 and ip[6:2] & 0x1fff = 0";
  for_each_captured_after_vlan(udp, [&](const Bytes& packet, bool taken) {
    if (taken) {
      EXPECT_EQ(decided(kFirst, packet), XDP_DROP);
    } else {
      const bool is_echo = echo.takes(without_vlan_tags(packet));
      EXPECT_EQ(decided(kSecond, packet), is_echo ? XDP_DROP : XDP_PASS);
    }
  });
}

TEST(ChainInTheLab, PinsAndUnpinsBothHooks) {
  const Lab lab("one");
  Command program({bin("chain"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook", lab.hook()});
  ASSERT_TRUE(
      program.wait_for("hooks pinned at " + lab.hook() + "_first, " + lab.hook() + "_second\n"))
      << program.text();
  program.signal(SIGTERM);
  EXPECT_EQ(program.finish().exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(lab.hook() + "_first"));
  EXPECT_FALSE(std::filesystem::exists(lab.hook() + "_second"));
}

}  // namespace
}  // namespace xdpcap::test
