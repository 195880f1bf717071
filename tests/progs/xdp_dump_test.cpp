// SPDX-License-Identifier: BSD-3-Clause
#include "xdp_dump/xdp_dump.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "progs/captures.hpp"
#include "progs/skeleton_program.hpp"
#include "xdp_dump.skel.h"

namespace xdpcap::test {
namespace {

class XdpDump : public testing::Test {
 protected:
  XdpDump() : ring_(ring_buffer__new(bpf_map__fd(program_->maps.events), take, &events_, nullptr)) {
    program_.watch(program_->maps.xdpcap_hook);
  }
  ~XdpDump() override { ring_buffer__free(ring_); }

  // The events that a packet caused.
  std::vector<syn_event> dump(const Bytes& packet) {
    events_.clear();
    const Verdict verdict = program_.run(program_->progs.xdp_dump, packet);
    EXPECT_EQ(verdict.action, XDP_PASS);
    ring_buffer__consume(ring_);
    return events_;
  }

  static int take(void* events, void* data, std::size_t size) {
    EXPECT_EQ(size, sizeof(syn_event));
    static_cast<std::vector<syn_event>*>(events)->push_back(*static_cast<syn_event*>(data));
    return 0;
  }

  SkeletonProgram<xdp_dump_bpf> program_;
  std::vector<syn_event> events_;
  ring_buffer* ring_;
};

Bytes v4_tcp(std::uint8_t flags, std::size_t payload = 0, std::uint16_t fragment = 0) {
  return ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_TCP,
                              tcp(1000, 443, flags, bytes(payload)), fragment));
}

TEST_F(XdpDump, SendsAnIpv4Syn) {
  const Bytes packet = v4_tcp(kTcpSyn, 5);
  const auto events = dump(packet);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].ip_version, 4);
  in_addr address{};
  std::memcpy(&address, events[0].source, sizeof address);
  EXPECT_STREQ(inet_ntoa(address), "10.0.0.1");
  std::memcpy(&address, events[0].destination, sizeof address);
  EXPECT_STREQ(inet_ntoa(address), "10.0.0.2");
  EXPECT_EQ(events[0].source_port, 1000);
  EXPECT_EQ(events[0].destination_port, 443);
  EXPECT_EQ(events[0].length, packet.size());
  EXPECT_EQ(Bytes(events[0].bytes, events[0].bytes + events[0].captured), packet);
}

TEST_F(XdpDump, SendsAnIpv6SynAfterAnExtension) {
  const auto events =
      dump(ethernet(kIpv6, ipv6("fd00::1", "fd00::2", IPPROTO_DSTOPTS,
                                ipv6_extension(IPPROTO_TCP, {}, tcp(1000, 443, kTcpSyn, {})))));
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].ip_version, 6);
  EXPECT_EQ(events[0].source[15], 1);
  EXPECT_EQ(events[0].destination[15], 2);
  EXPECT_EQ(events[0].destination_port, 443);
}

TEST_F(XdpDump, CapturesUpToItsLimit) {
  const Bytes packet = v4_tcp(kTcpSyn, 2000);
  const auto events = dump(packet);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].length, packet.size());
  EXPECT_EQ(events[0].captured, std::uint32_t{SYN_BYTES_MAX});
  EXPECT_EQ(Bytes(events[0].bytes, events[0].bytes + SYN_BYTES_MAX),
            Bytes(packet.begin(), packet.begin() + SYN_BYTES_MAX));
}

TEST_F(XdpDump, SendsNothingElse) {
  EXPECT_TRUE(dump(v4_tcp(kTcpAck)).empty());
  EXPECT_TRUE(dump(v4_tcp(kTcpSyn | kTcpAck)).empty());
  EXPECT_TRUE(dump(v4_tcp(kTcpSyn, 0, 0x0001)).empty()) << "a later fragment";
  EXPECT_TRUE(
      dump(ethernet(kIpv4, ipv4("10.0.0.1", "10.0.0.2", IPPROTO_UDP, tcp(1, 2, kTcpSyn, {}))))
          .empty());
  const Bytes whole = v4_tcp(kTcpSyn);
  for (std::size_t size = 14; size < whole.size(); size++) {
    EXPECT_TRUE(dump({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}).empty())
        << size;
  }
}

TEST_F(XdpDump, CountsWhatFindsTheRingFull) {
  const Bytes packet = v4_tcp(kTcpSyn);
  constexpr int kSent = 1000;
  for (int i = 0; i < kSent; i++) program_.run(program_->progs.xdp_dump, packet);
  events_.clear();
  ring_buffer__consume(ring_);
  EXPECT_GT(program_->bss->lost, 0U);
  EXPECT_GT(events_.size(), 0U);
  EXPECT_EQ(events_.size() + program_->bss->lost, kSent);
}

TEST_F(XdpDump, FindsTheSynsOfEveryCaptureThatLibpcapFinds) {
  const std::string syn = "(" + kWholeIpv4 +
                          " and tcp[13] & 0x12 = 2 and tcp[19] >= 0) or "
                          "(ip6[6] = 6 and ip6[53] & 0x12 = 2 and ip6[59] >= 0)";
  const Judge after_extensions("ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60");
  for_each_captured_after_vlan(syn, [&](const Bytes& packet, bool taken) {
    if (after_extensions.takes(without_vlan_tags(packet))) return;
    const auto events = dump(packet);
    ASSERT_EQ(events.size(), taken ? 1U : 0U);
    if (!taken) return;
    const std::size_t captured = std::min<std::size_t>(packet.size(), SYN_BYTES_MAX);
    EXPECT_EQ(Bytes(events[0].bytes, events[0].bytes + events[0].captured),
              Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(captured)));
  });
}

}  // namespace
}  // namespace xdpcap::test
