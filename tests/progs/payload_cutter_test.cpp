// SPDX-License-Identifier: BSD-3-Clause
#include "payload_cutter/payload_cutter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <csignal>

#include "payload_cutter.skel.h"
#include "progs/hooked_program.hpp"
#include "progs/lab.hpp"

namespace xdpcap::test {
namespace {

using testing::HasSubstr;
using testing::Not;

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
  HookedProgram<payload_cutter_bpf> program_;
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

TEST(PayloadCutterInTheLab, ReceiverGetsTheBeginning) {
  const Lab lab("one");
  for (const std::string mode : {"native", "generic"}) {
    SCOPED_TRACE(mode);
    Process program({bin("payload_cutter"), "-i", "eth0", "--netns", lab.name("NODE"), "--hook",
                     lab.hook(), "--mode", mode, "--keep", "5"});
    ASSERT_TRUE(program.wait_for("(" + mode + ")")) << program.text();
    for (const char* address : {"NODE_IP", "NODE_IP6"}) {
      SCOPED_TRACE(address);
      Process receiver(lab.in("node", {"nc", "-u", "-l", lab.name(address), "9999"}));
      // Until the receiver listens there is nobody to hear it.
      EXPECT_EQ(
          lab.exec("node", {"sh", "-c", "until ss -Hlun | grep -q :9999; do sleep 0.05; done"})
              .exit_code,
          0);
      EXPECT_EQ(
          lab.exec("peer", {"sh", "-c",
                            "printf 'hello, world' | nc -u -w 1 " + lab.name(address) + " 9999"})
              .exit_code,
          0);
      EXPECT_TRUE(receiver.wait_for("hello"));
      EXPECT_THAT(receiver.text(), Not(HasSubstr("hello,")));
    }
  }
}

TEST(PayloadCutterInTheLab, RefusesToKeepMoreThanFits) {
  EXPECT_EQ(run({bin("payload_cutter"), "-i", "eth0", "--keep", "1473"}).exit_code, 1);
  EXPECT_EQ(run({bin("payload_cutter"), "-i", "eth0", "--keep", "-1"}).exit_code, 1);
}

}  // namespace
}  // namespace xdpcap::test
