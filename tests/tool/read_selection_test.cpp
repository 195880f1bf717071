// SPDX-License-Identifier: BSD-3-Clause
// -r: the packets that options and filters choose, as tshark chooses them.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tool/read_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ReadTest, SelectsByActionSourceFilterAndCount) {
  capture({});
  const auto select = [this](const Words& arguments) {
    const ProcessResult result = run(tool(Words{"-r", file_, "-w", chosen_} + arguments));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_THAT(result.out, IsEmpty());
    return tshark(chosen_, "frame",
                  {"frame.time_epoch", "frame.interface_name", "frame.len",
                   "frame.verdict.ebpf_xdp", "frame.packet_id"});
  };
  const auto expected = [this](const std::string& filter) {
    return tshark(file_, filter,
                  {"frame.time_epoch", "frame.interface_name", "frame.len",
                   "frame.verdict.ebpf_xdp", "frame.packet_id"});
  };
  EXPECT_THAT(lines_of(expected("frame")), SizeIs(10));
  EXPECT_EQ(select({"--actions", "drop,3"}),
            expected("frame.interface_name in {\"XDPdrop\", \"XDPtx\"}"));
  EXPECT_THAT(read_pcapng(chosen_).statistics, IsEmpty()) << "they are of all packets";
  EXPECT_EQ(select({"-i", "XDPpass"}), expected("frame.interface_name == \"XDPpass\""));
  EXPECT_EQ(select({"-i", hook_path_}), expected("frame"));
  EXPECT_EQ(select({"-c", "3"}), expected("frame.number <= 3"));
  EXPECT_EQ(select({"len >= 63 and len < 66"}), expected("frame.len >= 63 && frame.len < 66"));
  EXPECT_EQ(select({"greater", "63"}), expected("frame.len >= 63"));
  const ProcessResult unknown = read({"-i", "XDPpas"}, file_);
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("-i XDPpas: the file has no such interface; it has "
                                     "XDPaborted, XDPdrop, XDPpass, XDPtx, XDPredirect"));
}

TEST_F(ReadTest, SelectsByFateAndReason) {
  const std::string path =
      commented({"fate=dropped reason=ENETDOWN to=veth2(7) rxq=0", "fate=redirected to=veth2(7)",
                 "ingress=veth1(6) rxq=0", "reason=\"no \\\"route\\\"\" at=lb.bpf.c:123 rule=7", "",
                 "fate=aborted", "fate=dropped reason=NO_SOCKET by=stack",
                 "reason=\"fate=dropped\" at=lb.bpf.c:9"});
  const auto select = [&](const Words& arguments) {
    const ProcessResult result = run(tool(Words{"-r", path, "-w", chosen_} + arguments));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return chosen_times();
  };
  const auto expected = [&](const std::string& filter) { return times_of(path, filter); };
  EXPECT_EQ(select({"--fate=dropped"}), expected("frame.comment matches \"^fate=dropped\""));
  EXPECT_EQ(select({"--fate=ENETDOWN"}), expected("frame.comment contains \"=ENETDOWN\""));
  EXPECT_EQ(select({"--fate=no_socket"}), expected("frame.comment contains \"=NO_SOCKET\""));
  EXPECT_EQ(select({"--only-failed"}),
            expected("frame.comment matches \"^fate=(dropped|aborted)\""));
  EXPECT_EQ(select({"--fate=none"}), expected("!(frame.comment matches \"^fate=\")"));
  EXPECT_EQ(select({"--reason", "no \"route\""}), expected("frame.comment contains \"123 rule\""));
  EXPECT_EQ(select({"--reason", "src/lb.bpf.c:9", "--reason", "x"}),
            expected("frame.comment contains \"c:9\""));
  EXPECT_THAT(read({"-t"}, path).out, HasSubstr("  fate=dropped reason=ENETDOWN"));
}

// macOS and the BSDs number IPv6 otherwise in front of packets on their loopback interface.
TEST_F(ReadTest, SelectsPacketsOfOtherSystems) {
  const std::string path = files_.path("macos.pcap");
  (void)bash("(head -c 24 " + sample("null.pcap") +
             R"(; printf '\1\0\0\0\1\0\0\0\54\0\0\0\54\0\0\0')"
             R"(; printf '\36\0\0\0\140\0\0\0\0\0\73\100'; head -c 32 /dev/zero) >)" +
             path);
  for (const std::string filter : {"ip6", "host ::", "ip", "tcp"}) {
    EXPECT_EQ(run(tool({"-r", path, filter})).out, run({"tcpdump", "-n", "-r", path, filter}).out);
  }
  EXPECT_THAT(run(tool({"-r", path, "ip6"})).out, HasSubstr("IP6 :: > ::"));
}

TEST_F(ReadTest, SelectsByTime) {
  const std::string path = sample("transports.pcap");
  const auto select = [&](const Words& arguments) {
    const ProcessResult result =
        run(Words{"env", "TZ=Asia/Tokyo"} + tool(Words{"-r", path, "-w", chosen_} + arguments));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return chosen_times();
  };
  const Words since = times_of(path, "frame.time_relative >= 0.0025");
  const Words until = times_of(path, "frame.time_relative < 0.0025");
  ASSERT_THAT(until, SizeIs(2));
  ASSERT_FALSE(since.empty());
  for (const char* time :
       {"+0.0025", "1700000000.0025", "2023-11-15 07:13:20.0025", "2023-11-14T22:13:20.0025Z",
        "Nov 15, 2023 07:13:20.0025", "07:13:20.0025"}) {
    EXPECT_EQ(select({"--since", time}), since) << time;
    EXPECT_EQ(select({"--until", time}), until) << time;
  }
  EXPECT_THAT(read({"--since", "2023-02-31"}, path).err,
              HasSubstr("--since: \"2023-02-31\" is not "));
}

}  // namespace
}  // namespace xdpcap::test
