// SPDX-License-Identifier: BSD-3-Clause
#include "payload_cutter/payload_cutter.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "payload_cutter.skel.h"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"

namespace xdpcap::test {
namespace {

// The packets that come out are compared with ones built to be that short.
class PayloadCutter : public testing::TestWithParam<std::uint32_t> {
 protected:
  PayloadCutter()
      : program_([](payload_cutter_bpf& program) { program.rodata->keep_bytes = GetParam(); }) {
    program_.watch(program_->maps.xdpcap_hook);
  }
  Bytes cut(const Bytes& frame) {
    const Verdict verdict = program_.run(program_->progs.payload_cutter, frame);
    EXPECT_EQ(verdict.action, XDP_PASS);
    return verdict.packet;
  }
  static Bytes v4(std::size_t payload) {
    return ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, udp(7, 8, bytes(payload))));
  }
  static Bytes v6(std::size_t payload) {
    return ethernet(kIpv6, ipv6("fd00::1", "fd00::2", IPPROTO_UDP, udp(7, 8, bytes(payload))));
  }
  SkeletonProgram<payload_cutter_bpf> program_;
};

TEST_P(PayloadCutter, CutsToTheSameAsAShortPacket) {
  const std::uint32_t keep = GetParam();
  for (const std::size_t payload : {keep + 1, keep + 2, keep + 3, keep + 500}) {
    SCOPED_TRACE(payload);
    EXPECT_EQ(cut(v4(payload)), v4(keep));
    EXPECT_EQ(cut(v6(payload)), v6(keep));
  }
}

TEST_P(PayloadCutter, LeavesWhatIsShortEnough) {
  for (const std::size_t payload : {std::uint32_t{0}, GetParam() / 2, GetParam()}) {
    EXPECT_EQ(cut(v4(payload)), v4(payload));
    EXPECT_EQ(cut(v6(payload)), v6(payload));
  }
}

INSTANTIATE_TEST_SUITE_P(Keep, PayloadCutter, testing::Values(0, 1, 63, 64, KEEP_MAX),
                         testing::PrintToStringParamName());

class PayloadCutter64 : public PayloadCutter {};
INSTANTIATE_TEST_SUITE_P(Keep64, PayloadCutter64, testing::Values(64));

TEST_P(PayloadCutter64, NoChecksumStaysNone) {
  Bytes frame = v4(200);
  frame[40] = frame[41] = 0;
  const Bytes out = cut(frame);
  EXPECT_EQ(out[40], 0);
  EXPECT_EQ(out[41], 0);
  EXPECT_EQ(out.size(), v4(64).size());
}

TEST_P(PayloadCutter64, AWrongChecksumComesOutRight) {
  Bytes frame = v4(200);
  frame[40] ^= 0x5a;  // as checksum offload leaves it
  EXPECT_EQ(cut(frame), v4(64));
}

TEST_P(PayloadCutter64, LeavesTheRest) {
  const Bytes payload = udp(7, 8, bytes(200));
  const std::vector<Bytes> others = {
      ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_TCP, tcp(7, 8, kTcpAck, bytes(200)))),
      ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, payload, 0x2000)),
      ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, payload, 0x0010)),
      ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, payload, 0, {1, 1, 1, 0})),
      ethernet(kIpv6, ipv6("fd00::1", "fd00::2", IPPROTO_DSTOPTS,
                           ipv6_extension(IPPROTO_UDP, {}, payload))),
      ethernet(kArp, bytes(200))};
  for (const Bytes& frame : others) EXPECT_EQ(cut(frame), frame);

  Bytes contradiction = v4(200);
  contradiction[39] -= 10;  // the UDP length
  EXPECT_EQ(cut(contradiction), contradiction);
}

TEST_P(PayloadCutter64, LeavesWhatIsCutOffAlready) {
  for (const Bytes& whole : {v4(100), v6(100)}) {
    for (const Bytes& frame : beginnings(whole)) EXPECT_EQ(cut(frame), frame) << frame.size();
  }
}

TEST_P(PayloadCutter64, CutsWhatLibpcapSaysIsTooLong) {
  // Of a longer packet the program, which takes no fragments, sees the first page only.
  const std::string too_long =
      "len <= 3520 and ((ip[0] = 0x45 and ip[9] = 17 and ip[6:2] & 0x3fff = 0 and udp[4:2] = "
      "ip[2:2] - 20 and "
      " udp[4:2] > 72 and len >= 14 + ip[2:2]) or "
      "(ip6[6] = 17 and ip6[44:2] = ip6[4:2] and ip6[4:2] > 72 and len >= 54 + ip6[4:2]))";
  for_each_captured(too_long, [&](const Bytes& packet, bool taken) {
    const Bytes out = cut(packet);
    if (!taken) {
      EXPECT_EQ(out, packet);
      return;
    }
    const bool v6 = packet.at(12) == 0x86;
    EXPECT_EQ(out.size(), 14U + (v6 ? 40 : 20) + 8 + 64);
    EXPECT_TRUE(checksums_right(without_front(out, 14)));
    EXPECT_TRUE(std::equal(out.end() - 64, out.end(), packet.begin() + (v6 ? 62 : 42)));
  });
}

TEST(PayloadCutterInTheLab, RefusesToKeepMoreThanFits) {
  EXPECT_EQ(output_of({bin("payload_cutter"), "-i", "eth0", "--keep", "1473"}).exit_code, 1);
  EXPECT_EQ(output_of({bin("payload_cutter"), "-i", "eth0", "--keep", "-1"}).exit_code, 1);
}

}  // namespace
}  // namespace xdpcap::test
