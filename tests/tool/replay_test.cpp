// SPDX-License-Identifier: BSD-3-Clause
// Replays: captures of pcaps/ through real programs. The output is compared with the kernel's
// result for the same packet when the test runs the program itself, and with tshark's view of the
// input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "bpf/features.hpp"
#include "icmp_even_drop.skel.h"
#include "payload_cutter.skel.h"
#include "replay_lab.skel.h"
#include "source/hook.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/test_run.hpp"
#include "tool/replay_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint32_t kKeep = 5;
const std::string kUdp = "pcaps/lab-udp.pcap";
const std::string kPing = "pcaps/lab-ping.pcap";

class ReplayOfCaptures : public ReplayTest {
 protected:
  LoadedSkeleton<icmp_even_drop_bpf> dropper_;
  LoadedSkeleton<payload_cutter_bpf> cutter_{
      [](payload_cutter_bpf& program) { program.rodata->keep_bytes = kKeep; }};
  std::string even_drop_ = id_of(dropper_->progs.icmp_even_drop);
  std::string cut_ = id_of(cutter_->progs.payload_cutter);
};

// The kernel's own result.
struct Answer {
  std::string verdict;
  Packet packet;
};
Answer ask_kernel(const bpf_program* program, const Packet& packet) {
  TestRun run = test_run(bpf_program__fd(program), packet, {.keep_packet = true});
  return {std::to_string(run.action), std::move(run.packet)};
}

TEST_F(ReplayOfCaptures, EachPacketComesOutAsTheKernelHasIt) {
  const std::map<const bpf_program*, std::string> programs = {
      {cutter_->progs.payload_cutter, kUdp}, {dropper_->progs.icmp_even_drop, kPing}};
  for (const auto& [program, capture] : programs) {
    SCOPED_TRACE(capture);
    const ProcessResult result = replay(capture, id_of(program));
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const auto before = read_with_tshark(capture);
    const auto packets = read_bytes(capture);
    const auto after = read_with_tshark(file_);
    const auto bytes = read_bytes(file_);
    ASSERT_EQ(after.size(), before.size());
    std::map<std::string, int> verdicts;
    for (std::size_t i = 0; i < before.size(); ++i) {
      SCOPED_TRACE(i);
      const Answer answer = ask_kernel(program, packets.at(i));
      EXPECT_EQ(bytes.at(i), answer.packet);
      EXPECT_EQ(after[i].verdict, answer.verdict);
      EXPECT_EQ(after[i].interface, answer.verdict == "1" ? "XDPdrop" : "XDPpass");
      EXPECT_EQ(after[i].length, answer.packet.size());
      EXPECT_EQ(after[i].time, before[i].time);
      EXPECT_EQ(after[i].id, std::to_string(i + 1));
      EXPECT_EQ(after[i].direction, "1") << "inbound";
      ++verdicts[answer.verdict];
    }
    EXPECT_EQ(verdicts.size(), capture == kPing ? 2U : 1U) << "both verdicts occur";
  }
}

TEST_F(ReplayOfCaptures, TheFileIsWhatALiveCaptureWrites) {
  ASSERT_EQ(replay(kPing, even_drop_, {}, {"icmp"}).exit_code, 0);
  EXPECT_EQ(capinfos(file_, "File encapsulation"), "Ethernet");
  EXPECT_EQ(capinfos(file_, "Number of interfaces in file"), "6");
  EXPECT_EQ(capinfos(file_, "Strict time order"), "True");
  EXPECT_THAT(capinfos(file_, "File timestamp precision"), HasSubstr("nanoseconds"));
  EXPECT_THAT(capinfos(file_, "Capture application"), HasSubstr("xdpcap-cpp"));
  EXPECT_EQ(capinfos(file_, "Number of stat entries"), "1");
  EXPECT_THAT(capinfos(file_, "Description"),
              HasSubstr("XDP action aborted, replay of " + kPing + " with program " + even_drop_ +
                        " (icmp_even_drop), host "));
}

TEST_F(ReplayOfCaptures, TheFilterMatchesThePacketAsItCameOut) {
  // Nothing of the datagrams that go in is that short; all that come out are.
  const auto count = [&](const std::string& filter) {
    const ProcessResult result = replay(kUdp, cut_, {}, {filter});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return read_bytes(file_).size();
  };
  const auto answer_to = [&](const std::string& filter) {
    const ProcessResult counted = run({"tcpdump", "-n", "-r", kUdp, filter});
    return std::count(counted.out.begin(), counted.out.end(), '\n');
  };
  const std::string cut = "ip and udp and udp[4:2] == 13";
  EXPECT_EQ(answer_to(cut), 0);
  EXPECT_EQ(count(cut), answer_to("ip and udp and ip[6:2] & 0x3fff == 0 and udp[4:2] > 13"));
  EXPECT_GT(count(cut), 0U);
  EXPECT_EQ(count("icmp"), answer_to("icmp"));
}

TEST_F(ReplayOfCaptures, OffsetsAndActionsChooseToo) {
  ASSERT_EQ(replay(kPing, even_drop_, {"-actions", "drop"}).exit_code, 0);
  const auto dropped = read_with_tshark(file_);
  EXPECT_EQ(dropped.size(), 3U);
  for (const ReadPacket& packet : dropped) EXPECT_EQ(packet.verdict, "1");

  const ProcessResult inner = replay("pcaps/ipip.pcap", even_drop_, {"--offset", "34"}, {"icmp"});
  ASSERT_EQ(inner.exit_code, 0) << inner.err;
  const ProcessResult counted =
      run({"tcpdump", "-n", "-r", "pcaps/ipip.pcap", "ip proto 4 and ip[29] == 1"});
  const auto expected = std::count(counted.out.begin(), counted.out.end(), '\n');
  EXPECT_GT(expected, 0);
  EXPECT_EQ(read_bytes(file_).size(), expected);
}

TEST_F(ReplayOfCaptures, BothWritesPairs) {
  ASSERT_EQ(replay(kUdp, cut_, {"--both"}, {"udp"}).exit_code, 0);
  const auto packets = read_with_tshark(file_);
  const auto bytes = read_bytes(file_);
  const auto original = read_bytes(kUdp);
  ASSERT_GT(packets.size(), 0U);
  ASSERT_EQ(packets.size() % 2, 0U);
  for (std::size_t i = 0; i < packets.size(); i += 2) {
    EXPECT_EQ(packets[i].interface, "XDPbefore");
    EXPECT_EQ(packets[i].verdict, "");
    EXPECT_EQ(packets[i + 1].interface, "XDPpass");
    EXPECT_EQ(packets[i].id, packets[i + 1].id);
    EXPECT_EQ(packets[i].time, packets[i + 1].time);
    EXPECT_EQ(bytes[i], original.at(std::stoul(packets[i].id) - 1));
    EXPECT_LE(bytes[i + 1].size(), bytes[i].size());
  }
}

TEST_F(ReplayOfCaptures, ASnaplenCutsWhatIsWritten) {
  ASSERT_EQ(replay(kUdp, even_drop_, {"-s", "40"}).exit_code, 0);
  const auto packets = read_with_tshark(file_);
  const auto original = read_with_tshark(kUdp);
  ASSERT_EQ(packets.size(), original.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(packets[i].captured, 40U);
    EXPECT_EQ(packets[i].length, original[i].length);
  }
}

// pcap in nanoseconds, and pcapng: what the first replay wrote goes into the second.
TEST_F(ReplayOfCaptures, ReadsNanosecondsAndPcapng) {
  const std::string shifted = files_.path("shifted.pcap");
  ASSERT_EQ(run({"editcap", "-F", "nsecpcap", "-t", "0.000000001", kPing, shifted}).exit_code, 0);
  ASSERT_EQ(replay(shifted, even_drop_).exit_code, 0);
  const auto before = read_with_tshark(kPing);
  const auto after = read_with_tshark(file_);
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].time, before[i].time + 1);

  const std::string first = files_.path("first.pcapng");
  std::filesystem::rename(file_, first);
  ASSERT_EQ(replay(first, even_drop_).exit_code, 0);
  const auto again = read_with_tshark(file_);
  ASSERT_EQ(again.size(), after.size());
  for (std::size_t i = 0; i < again.size(); ++i) EXPECT_EQ(again[i].time, after[i].time);
}

TEST_F(ReplayOfCaptures, SaysWhatItDid) {
  const ProcessResult said = replay(kPing, even_drop_, {}, {"icmp"});
  const auto icmp = read_bytes(file_).size();
  EXPECT_EQ(said.err, "48 packets read\n48 packets run: drop 3, pass 45\n" + std::to_string(icmp) +
                          " packets matched the filter\n" + std::to_string(icmp) +
                          " packets written\n");
  EXPECT_EQ(replay(kPing, even_drop_, {"-q"}).err, "");
  // Packets that were not run are reported even so.
  const ProcessResult runts = replay("pcaps/runts.pcap", even_drop_, {"-q"});
  EXPECT_EQ(runts.exit_code, 0);
  EXPECT_EQ(runts.err, "26 packets not run: shorter than an Ethernet header\n");
  EXPECT_EQ(read_bytes(file_).size(), 94U);
  EXPECT_EQ(replay("pcaps/snapped.pcap", even_drop_, {"-q"}).err,
            "24 packets truncated in the capture: the program saw only the captured bytes\n");
  EXPECT_THAT(replay("pcaps/empty.pcap", even_drop_).err, HasSubstr("0 packets read"));
  EXPECT_EQ(read_bytes(file_).size(), 0U);
}

TEST_F(ReplayOfCaptures, GoesToAPipe) {
  const ProcessResult result = run({"sh", "-c",
                                    tool({})[0] + " --replay " + kPing + " --prog " + even_drop_ +
                                        " - 'icmp[0] == 8' | tcpdump -n -r - 2>/dev/null"});
  EXPECT_THAT(result.out, HasSubstr("ICMP echo request"));
  EXPECT_THAT(result.out, Not(HasSubstr("reply")));
}

TEST_F(ReplayOfCaptures, AFileCanBeCompressed) {
  ASSERT_EQ(replay(kPing, even_drop_).exit_code, 0);
  const std::vector<Packet> plain = read_bytes(file_);
  const std::string compressed = file_ + ".gz";
  const ProcessResult result =
      run(tool({"--replay", kPing, "--prog", even_drop_, "-w", compressed}));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  // It is complete immediately.
  ASSERT_EQ(run({"gzip", "-t", compressed}).exit_code, 0);
  ASSERT_EQ(run({"gzip", "-d", "-f", compressed}).exit_code, 0);
  EXPECT_EQ(read_bytes(file_), plain);
}

class ReplayOfLab : public ReplayTest {
 protected:
  // The only packet of a replay.
  ReadPacket only_packet(const std::string& input, const std::string& program) {
    const ProcessResult result = replay(input, program);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    const auto packets = read_with_tshark(file_);
    EXPECT_EQ(packets.size(), 1U);
    return packets.at(0);
  }
  LoadedSkeleton<replay_lab_bpf> lab_{[](replay_lab_bpf& lab) {
    bpf_program__set_autoload(lab.progs.fragments, has_xdp_load_bytes());
  }};
};

TEST_F(ReplayOfLab, AnUnknownActionIsKeptAndMetadataIsNot) {
  const ReadPacket packet = only_packet("pcaps/single.pcap", id_of(lab_->progs.metadata));
  EXPECT_EQ(packet.interface, "XDPother");
  EXPECT_EQ(packet.verdict, "7");
  EXPECT_EQ(read_bytes(file_), read_bytes("pcaps/single.pcap"));
}

TEST_F(ReplayOfLab, PacketsSeemToComeInByAnInterface) {
  const Namespace left, right;
  join(left, "left", "192.0.2.1/24", right, "right", "192.0.2.2/24");
  const auto command = left.inside(tool({"--replay", "pcaps/single.pcap", "--prog",
                                         id_of(lab_->progs.ingress), "--via", "left", file_}));
  const ProcessResult result = run(command);
  if (result.exit_code != 0 && !has_xdp_load_bytes()) {
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_EQ(result.err,
              "xdpcap-cpp: running the program: this kernel does not support --via; omit it, or "
              "replay on Linux 5.14 or newer\n");
    GTEST_SKIP() << "this kernel does not support --via (5.14)";
  }
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(read_with_tshark(file_).at(0).verdict,
            std::to_string(1000 + left.interface_index("left")));
}

TEST_F(ReplayOfLab, LongPacketsGoInAndComeOutWhole) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  const std::string capture = files_.path("long.pcap");
  const Packet packet = numbered_packet(60'000);
  write_capture(capture, packet);
  EXPECT_EQ(only_packet(capture, id_of(lab_->progs.fragments)).verdict, "3");
  EXPECT_EQ(read_bytes(file_), std::vector<Packet>{packet});

  write_capture(capture, numbered_packet(200'000));
  const ProcessResult refused = replay(capture, id_of(lab_->progs.fragments), {"-q"});
  EXPECT_EQ(refused.exit_code, 0);
  EXPECT_EQ(refused.err, "1 packet not run: longer than the kernel accepts for this program\n");
  EXPECT_EQ(read_bytes(file_).size(), 0U);
}

}  // namespace
}  // namespace xdpcap::test
