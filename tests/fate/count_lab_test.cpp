// SPDX-License-Identifier: BSD-3-Clause
// Fates that are counted without recording packets (--metrics).
#include <gmock/gmock.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fate/fate_lab.hpp"
#include "fate/stack_lab.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string series(const std::string& hook, const std::string& action, const std::string& fate,
                   const std::string& reason, const std::string& by) {
  return "\nxdpcap_fate_packets_total{capture=\"out\",source=\"" + hook + "\",action=\"" + action +
         "\",fate=\"" + fate + "\",reason=\"" + reason + "\",by=\"" + by + "\"} ";
}

class CountedFates : public FateLab {
 protected:
  CountedFates() { file_ = files_.path("out.prom"); }
  [[nodiscard]] std::string count(const std::string& action, const std::string& fate,
                                  const std::string& reason, const std::string& by) const {
    return series(pins_.path("hook"), action, fate, reason, by);
  }
};

TEST_F(CountedFates, AreThoseOfAllPackets) {
  let_right_receive();
  fill(0, "m1");
  middle_.run({"ip", "link", "set", "dev", "m1", "mtu", "200"});
  ASSERT_NO_FATAL_FAILURE(start_command(tool({"--fate", "--metrics", file_, pins_.path("hook")})));
  std::vector<Packet> frames;
  for (int i = 0; i < 3; ++i) frames.push_back(frame_for(TRY_DEVMAP, 0));
  for (int i = 0; i < 2; ++i) frames.push_back(frame_for(TRY_DEVMAP, 0, 0, 500));
  frames.push_back(frame_for(TRY_DEVMAP, 5));
  for (int i = 0; i < 4; ++i) frames.push_back(frame_for(TRY_DROP, 0));
  send(frames);
  const ProcessResult result = end_capture();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::string text = read_file(file_);
  EXPECT_THAT(text, HasSubstr(count("redirect", "redirected", "", "xdp") + "3\n"));
  EXPECT_THAT(text, HasSubstr(count("redirect", "sent", "", "device") + "3\n"));
  EXPECT_THAT(text, HasSubstr(count("redirect", "dropped", "EMSGSIZE", "xdp") + "2\n"));
  EXPECT_THAT(text, HasSubstr(count("aborted", "aborted", "", "xdp") + "1\n"));
  EXPECT_THAT(result.err, HasSubstr("10 packets matched the filter\n"));
}

class CountedStack : public StackLab {
 protected:
  CountedStack() { file_ = files_.path("out.prom"); }
};

TEST_P(CountedStack, IsExactThoughNoPacketIsWritten) {
  constexpr std::uint32_t kPackets = 2000;
  ASSERT_NO_FATAL_FAILURE(start_command(tool({"--stack", "--metrics", file_, pins_.path("hook")})));
  const std::uint64_t before = counter("UdpNoPorts");
  send(std::vector<Packet>(kPackets, udp_frame({.port = 7001})));
  EXPECT_TRUE(eventually([&] { return counter("UdpNoPorts") - before == kPackets; }));
  const ProcessResult result = end_capture();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(read_file(file_),
              HasSubstr(series(pins_.path("hook"), "pass", "dropped", "NO_SOCKET", "stack") +
                        std::to_string(kPackets) + "\n"));
  EXPECT_THAT(result.err, Not(HasSubstr("captured")));
}

INSTANTIATE_TEST_SUITE_P(Modes, CountedStack, ::testing::Values("xdpdrv", "xdpgeneric"));

}  // namespace
}  // namespace xdpcap::test
