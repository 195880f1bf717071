// SPDX-License-Identifier: BSD-3-Clause
// Programs without a hook, traced, on real links. Where the kernel refuses tracing, the tool has to
// say so.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "bpf/features.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"
#include "bpf/xdp_buff_layout.hpp"
#include "support/capture_reader.hpp"
#include "support/patience.hpp"
#include "support/pcapng_file.hpp"
#include "tool/lab_fixture.hpp"
#include "tool/tracing_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum Change : std::uint8_t { kKeep, kRewrite, kGrow, kShrink };
constexpr std::size_t kBytes = 4;

Packet frame_for(std::uint8_t action, std::uint8_t change = kKeep, std::size_t size = 100) {
  Packet frame = test_frame(action, 7, size);
  frame[1] = change;
  return frame;
}

// What the program makes of it; the bytes that it grows by are not defined.
bool is_result(const Packet& got, const Packet& sent) {
  Packet rest = sent;
  if (sent[1] == kRewrite) rest[6] = 0xee;
  if (sent[1] == kShrink) rest = Packet(sent.begin() + kBytes, sent.end() - kBytes);
  if (sent[1] == kGrow) {
    rest = got;
    std::copy(sent.begin() + 10, sent.end(), rest.begin() + 10 + kBytes);
    if (got.size() != sent.size() + 2 * kBytes) return false;
  }
  if (sent[1] != kKeep) rest[12] = 0x88, rest[13] = 0xb5;
  return got == rest;
}

class TracedTest : public LabTest {
 protected:
  TracedTest() { LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o"); }

  void SetUp() override { skip_without_tracing(program("hookless")); }

  [[nodiscard]] std::string m0() const { return "m0@" + middle_.name(); }
  void capture(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-w", file_, kOnlyTestFrames});
    start_command(tool(arguments));
  }
  [[nodiscard]] std::string id_of(const char* name) const {
    return std::to_string(program_info(program(name)).id);
  }
  void expect_end(std::size_t packets) const {
    const ProcessResult result = end_capture();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, packets) << result.err;
    EXPECT_EQ(parse_summary(result.err).lost, 0U) << result.err;
  }
  [[nodiscard]] std::vector<std::string> interfaces() const {
    std::vector<std::string> names;
    for (const ReadPacket& one : read_with_tshark(file_)) names.push_back(one.interface);
    return names;
  }
  // Of a text in what the tool has said so far.
  [[nodiscard]] std::size_t occurrences(const std::string& text) const {
    const std::string said = capture_->err();
    std::size_t count = 0;
    for (std::size_t at = 0; (at = said.find(text, at)) != std::string::npos; ++at) ++count;
    return count;
  }
  // Loaded programs of that name.
  static std::size_t loaded(const std::string& name) {
    const auto all = loaded_programs();
    return static_cast<std::size_t>(
        std::ranges::count_if(all, [&](const ProgramInfo& one) { return one.name == name; }));
  }
};

TEST_F(TracedTest, EveryActionAndChangeOnAnInterface) {
  for (const char* mode : {"xdpdrv", "xdpgeneric"}) {
    attach(middle_, "m0", program("hookless"), mode);
    file_ = files_.path(mode);
    capture({"-i", m0()});
    std::vector<Packet> sent;
    for (std::uint8_t action = XDP_ABORTED; action <= XDP_REDIRECT; ++action) {
      for (const std::uint8_t change : {kKeep, kRewrite, kGrow, kShrink}) {
        sent.push_back(frame_for(action, change));
        from_left_->send(sent.back());
      }
    }
    expect_end(sent.size());
    const std::vector<Packet> bytes = read_bytes(file_);
    const std::vector<ReadPacket> packets = read_with_tshark(file_);
    ASSERT_EQ(bytes.size(), sent.size());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      EXPECT_TRUE(is_result(bytes[i], sent[i])) << mode << " " << i;
      EXPECT_EQ(packets[i].verdict, std::to_string(sent[i][0]));
      EXPECT_EQ(packets[i].length, bytes[i].size());
    }
    EXPECT_EQ(packets.front().interface, m0() + "/XDPaborted");
    middle_.run({"ip", "link", "set", "dev", "m0", mode, "off"});
  }
  EXPECT_EQ(loaded("xdpcap_exit"), 0U);
}

TEST_F(TracedTest, JumboFramesInFragments) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  LabFixture::load(std::string(BPF_OBJECTS) + "/hookless_frags.o");
  left_.run({"ip", "link", "set", "dev", "l0", "mtu", "9000"});
  middle_.run({"ip", "link", "set", "dev", "m0", "mtu", "9000"});
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0()});
  std::vector<Packet> sent;
  for (const std::uint8_t change : {kKeep, kRewrite, kShrink}) {
    for (const std::size_t size : {100, 5000, 9000, 9014}) {
      sent.push_back(frame_for(XDP_DROP, change, size));
      from_left_->send(sent.back());
    }
  }
  expect_end(sent.size());
  const std::vector<Packet> bytes = read_bytes(file_);
  const std::vector<ReadPacket> packets = read_with_tshark(file_);
  ASSERT_EQ(bytes.size(), sent.size());
  const bool whole = read_xdp_buff_layout().fragments.has_value();
  for (std::size_t i = 0; i < sent.size(); ++i) {
    const std::size_t length = sent[i].size() - (sent[i][1] == kShrink ? 2 * kBytes : 0);
    EXPECT_EQ(packets[i].length, length);
    EXPECT_EQ(is_result(bytes[i], sent[i]), whole || length < 3000) << bytes[i].size();
  }
}

TEST_F(TracedTest, AtBothEnds) {
  attach(middle_, "m0", program("hookless"));
  const std::string source = "prog:" + id_of("hookless");
  capture({"-i", source, "--at", "both", "-s", "64"});
  const Packet sent = frame_for(XDP_DROP, kShrink);
  from_left_->send(sent);
  expect_end(2);
  const std::vector<ReadPacket> packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size(), 2U);
  EXPECT_EQ(packets[0].interface, source + "/XDPentry");
  EXPECT_EQ(packets[0].verdict, "");
  EXPECT_EQ(packets[0].length, sent.size());
  EXPECT_EQ(packets[0].captured, 64U);
  EXPECT_EQ(packets[1].interface, source + "/XDPdrop");
  EXPECT_EQ(packets[1].length, sent.size() - 2 * kBytes);
  EXPECT_NE(packets[0].id, "");
  EXPECT_EQ(packets[0].id, packets[1].id);
  EXPECT_EQ(read_bytes(file_)[0], Packet(sent.begin(), sent.begin() + 64));
}

TEST_F(TracedTest, AtBothEndsEachPacketHasItsId) {
  attach(middle_, "m0", program("hookless"));
  // The second packet matches as it enters only: the program makes it shorter.
  const std::string filter = std::string(kOnlyTestFrames) + " and len >= 100";
  start_command(tool({"-i", m0(), "--at", "both", "-w", file_, filter}));
  from_left_->send(frame_for(XDP_DROP));
  from_left_->send(frame_for(XDP_DROP, kShrink));
  from_left_->send(frame_for(XDP_DROP));
  expect_end(5);
  std::vector<std::string> ids;
  for (const ReadPacket& one : read_with_tshark(file_)) ids.push_back(one.id);
  ASSERT_EQ(ids.size(), 5U);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[3], ids[4]);
  EXPECT_EQ((std::set<std::string>{"", ids[0], ids[2], ids[3]}.size()), 4U);
}

TEST_F(TracedTest, TheChainOfTailCallsIsSeenAtItsCaller) {
  const std::uint32_t first = 0;
  const int callee = program("hookless");
  ASSERT_EQ(bpf_map_update_elem(map("jump_table"), &first, &callee, BPF_ANY), 0);
  attach(middle_, "m0", program("calls_tail"));
  capture({"-i", m0()});
  from_left_->send(frame_for(XDP_TX, kRewrite));
  expect_end(1);
  EXPECT_THAT(interfaces(), ElementsAre(m0() + "/XDPtx"));
  EXPECT_EQ(read_bytes(file_).at(0)[6], 0xee);
}

TEST_F(TracedTest, OnlySomeActions) {
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0(), "--actions", "drop,tx"});
  for (std::uint8_t action = XDP_ABORTED; action <= XDP_REDIRECT; ++action) {
    from_left_->send(frame_for(action));
  }
  expect_end(2);
  EXPECT_THAT(interfaces(), ElementsAre(m0() + "/XDPdrop", m0() + "/XDPtx"));
}

TEST_F(TracedTest, FollowsTheNextProgramOfTheInterface) {
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0(), "--follow"});
  for (int i = 0; i < 10; ++i) from_left_->send(frame_for(XDP_DROP));
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", program("successor"));
  ASSERT_TRUE(eventually([&] {
    return capture_->err().find("another program was attached to") != std::string::npos;
  })) << capture_->err();
  for (int i = 0; i < 20; ++i) from_left_->send(frame_for(XDP_TX));
  expect_end(30);
}

TEST_F(TracedTest, FollowsTheSameProgramWhenItIsAttachedAgain) {
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0(), "--follow"});
  const auto attach_again = [&](const char* name, const char* news) {
    middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
    const auto gone = [&] { return occurrences("no program is attached to"); };
    const auto came = [&] { return occurrences(news); };
    const std::size_t gone_before = gone();
    ASSERT_TRUE(eventually([&] { return gone() > gone_before; })) << capture_->err();
    const std::size_t came_before = came();
    attach(middle_, "m0", program(name));
    ASSERT_TRUE(eventually([&] { return came() > came_before; })) << capture_->err();
    from_left_->send(frame_for(XDP_TX));
  };
  attach_again("hookless", "the program that is traced is attached to");
  attach_again("successor", "another program was attached to");
  attach_again("successor", "the program that is traced is attached to");
  attach_again("hookless", "another program was attached to");
  expect_end(4);
}

TEST_F(TracedTest, TwoCapturesOfOneInterface) {
  attach(middle_, "m0", program("hookless"));
  const std::string other_file = files_.path("other.pcap");
  Process other(tool({"-i", m0(), "-w", other_file, kOnlyTestFrames}));
  ASSERT_TRUE(wait_until_live(other, other_file)) << other.err();
  capture({"-i", m0()});
  for (int i = 0; i < 3; ++i) from_left_->send(frame_for(XDP_DROP));
  expect_end(3);
  other.signal(SIGINT);
  EXPECT_EQ(parse_summary(other.wait().err).captured, 3U);
}

TEST_F(TracedTest, SaysThatAnotherProgramWasAttached) {
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0()});
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", program("successor"));
  ASSERT_TRUE(eventually(
      [&] { return capture_->err().find("still tracing the previous one") != std::string::npos; }));
  expect_end(0);
}

TEST_F(TracedTest, KilledNothingIsLeftAndNothingIsLost) {
  attach(middle_, "m0", program("hookless"));
  capture({"-i", m0(), "--at", "both"});
  capture_->signal(SIGSTOP);
  for (int i = 0; i < 9; ++i) from_left_->send(frame_for(XDP_DROP));
  capture_->signal(SIGKILL);
  capture_->wait();
  EXPECT_TRUE(eventually([&] { return loaded("xdpcap_exit") + loaded("xdpcap_entry") == 0; }));
  EXPECT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && file->statistics.size() == 6;
  }));
  EXPECT_EQ(read_pcapng(file_).packets, 18U);
}

TEST_F(LabTest, WhereTracingIsRefusedTheReasonIsSaid) {
  LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o");
  try {
    require_tracing(program("hookless"), TracePoint::exit);
  } catch (const Error& refused) {
    attach(middle_, "m0", program("hookless"));
    const ProcessResult result = run(tool({"-i", "m0@" + middle_.name(), "-w", file_}));
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(
        result.err,
        HasSubstr(std::string("(hookless) has no hook, and cannot be traced: ") + refused.what()));
    return;
  }
  GTEST_SKIP() << "this kernel allows tracing programs";
}

}  // namespace
}  // namespace xdpcap::test
