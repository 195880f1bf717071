// SPDX-License-Identifier: BSD-3-Clause
// -i: interfaces, programs, maps and folders as sources, and several of them in one file.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "support/packet.hpp"
#include "support/patience.hpp"
#include "support/pcapng_file.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint8_t kPass = XDP_PASS;
constexpr std::uint8_t kDrop = XDP_DROP;
constexpr std::uint8_t kTx = XDP_TX;

class SourcesTest : public LabTest {
 protected:
  SourcesTest() { load(false); }

  [[nodiscard]] std::string m0() const { return "m0@" + middle_.name(); }

  void send(std::uint8_t action, unsigned count) const {
    for (unsigned i = 0; i < count; ++i) from_left_->send(test_frame(action, 0));
  }
  void capture(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-w", file_, kOnlyTestFrames});
    start_command(tool(arguments));
  }
  // Of each packet of the file: its interface's name.
  [[nodiscard]] std::vector<std::string> names() const {
    const ProcessResult result =
        run({"tshark", "-r", file_, "-T", "fields", "-e", "frame.interface_name"});
    std::vector<std::string> names;
    for (const std::string_view line : split(result.out, '\n')) {
      if (!line.empty()) names.emplace_back(line);
    }
    return names;
  }
  [[nodiscard]] std::string link(const std::string& interface) const {
    return run(middle_.inside({"ip", "-d", "link", "show", interface})).out;
  }
};

TEST_F(SourcesTest, AnInterfaceByTheHookOfItsProgram) {
  attach(middle_, "m0", program("by_first_byte"));
  capture({"-i", m0()});
  send(kDrop, 2);
  send(kTx, 1);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("listening on " + m0() + " (hook map:"));
  EXPECT_THAT(names(), ElementsAre(m0() + "/XDPdrop", m0() + "/XDPdrop", m0() + "/XDPtx"));
}

TEST_F(SourcesTest, AProgramByItsHook) {
  attach(middle_, "m0", program("by_first_byte"));
  const ProgramInfo info = program_info(program("by_first_byte"));
  const std::string source = "prog:" + std::to_string(info.id);
  capture({"-i", source});
  send(kDrop, 1);
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_THAT(names(), ElementsAre(source + "/XDPdrop"));
}

TEST_F(SourcesTest, AHookThatIsPinnedNowhereByItsId) {
  attach(middle_, "m0", program("by_first_byte"));
  const std::string source = "map:" + std::to_string(map_info(map("hook"))->id);
  capture({"-i", source});
  send(kPass, 1);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr(", pinned nowhere), link-type EN10MB (Ethernet), snapshot length 262144"));
  EXPECT_THAT(names(), ElementsAre(source + "/XDPpass"));
}

TEST_F(SourcesTest, AnInterfaceWithoutAProgramGetsARecorder) {
  capture({"-i", m0()});
  EXPECT_THAT(link("m0"), HasSubstr("xdp"));
  EXPECT_THAT(link("m0"), Not(HasSubstr("xdpgeneric")));
  // All arrive in the stack as well.
  send(kDrop, 5);
  EXPECT_EQ(at_middle_->receive(5), std::vector<Packet>(5, test_frame(kDrop, 0)));
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr(m0() + " (which has no XDP program"));
  EXPECT_EQ(names(), std::vector<std::string>(5, m0() + "/XDPpass"));
  EXPECT_THAT(link("m0"), Not(HasSubstr("xdp")));
}

TEST_F(SourcesTest, ARecorderOnAnInterfaceIsGoneWhenTheCaptureIsKilled) {
  capture({"-i", m0()});
  capture_->signal(SIGSTOP);
  send(kPass, 7);
  capture_->signal(SIGKILL);
  capture_->wait();
  EXPECT_TRUE(eventually([&] { return link("m0").find("xdp") == std::string::npos; }));
  EXPECT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && file->statistics.size() == 1;
  }));
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 7U);
  EXPECT_EQ(file.total().accepted, 7U);
}

TEST_F(SourcesTest, TwoHooksAndAnInterfaceInOneFile) {
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "hook");
  fill_devices(map("devices"));
  capture({"-i", pins_.path("hook"), "-i", "r0@" + right_.name(), "-i", "l0@" + left_.name()});
  send(XDP_REDIRECT, 3);
  send(kTx, 2);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::string hook = pins_.path("hook");
  const std::string right = "r0@" + right_.name();
  const std::string left = "l0@" + left_.name();
  std::vector<std::string> all = names();
  EXPECT_EQ(std::count(all.begin(), all.end(), hook + "/XDPredirect"), 3);
  EXPECT_EQ(std::count(all.begin(), all.end(), hook + "/XDPtx"), 2);
  EXPECT_EQ(std::count(all.begin(), all.end(), left + "/XDPpass"), 2);
  EXPECT_EQ(std::count(all.begin(), all.end(), right + "/XDPpass"), 3);
  EXPECT_EQ(all.size(), 10U);
  const std::string order =
      run({"tshark", "-r", file_, "-T", "fields", "-e", "frame.time_delta"}).out;
  EXPECT_THAT(order, Not(HasSubstr("-"))) << "not in the order of time";
}

TEST_F(SourcesTest, AFolderMeansTheHooksPinnedInIt) {
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(map("hook"), "xdp_hook");
  capture({"-i", pins_.path("")});
  send(kDrop, 1);
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_THAT(names(), ElementsAre(pins_.path("xdp_hook") + "/XDPdrop"));
}

TEST_F(SourcesTest, FollowsTheHookOfTheInterfacesNextProgram) {
  attach(middle_, "m0", program("by_first_byte"));
  capture({"-i", m0(), "--follow"});
  send(kDrop, 2);
  const BpfObject reloaded = load_bpf_object(object_file(false));
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", reloaded.program("by_first_byte"));
  ASSERT_TRUE(eventually([&] {
    return capture_->err().find("another hook was attached to " + m0() +
                                ": continuing with that one") != std::string::npos;
  })) << capture_->err();
  send(kDrop, 3);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_summary(result.err).captured, 5U);
}

TEST_F(SourcesTest, SaysThatTheProgramsHookIsAnother) {
  attach(middle_, "m0", program("by_first_byte"));
  capture({"-i", m0()});
  const BpfObject reloaded = load_bpf_object(object_file(false));
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", reloaded.program("by_first_byte"));
  ASSERT_TRUE(eventually([&] {
    return capture_->err().find("still capturing from the previous one") != std::string::npos;
  })) << capture_->err();
  EXPECT_EQ(end_capture().exit_code, 0);
}

// A recorder in it would replace a part of the program.
TEST_F(SourcesTest, AJumpTableIsNoHook) {
  const BpfObject hookless = load_bpf_object(std::string(BPF_OBJECTS) + "/hookless.o");
  attach(middle_, "m0", hookless.program("calls_tail"));
  pins_.pin(hookless.map("jump_table"), "table");
  const std::string table = "map:" + std::to_string(map_info(hookless.map("jump_table"))->id);
  const ProcessResult interface = run(tool({"-i", m0(), "--method", "hook", "-w", file_}));
  EXPECT_EQ(interface.exit_code, 2);
  EXPECT_THAT(interface.err, HasSubstr("(calls_tail) has no hook; if one of its tail call tables "
                                       "is a hook, name it: " +
                                       table + " (jump_table)"));
  const ProcessResult folder = run(tool({"-i", pins_.path(""), "-w", file_}));
  EXPECT_EQ(folder.exit_code, 2);
  EXPECT_THAT(folder.err, HasSubstr("may be jump tables, and no hooks; if one of them is a hook, "
                                    "name it: " +
                                    pins_.path("table")));
}

TEST_F(SourcesTest, WhatIsNotThereOrDoesNotFit) {
  const auto said = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-w", file_});
    const ProcessResult result = run(tool(arguments));
    EXPECT_NE(result.exit_code, 0);
    return result.err;
  };
  EXPECT_THAT(said({"-i", "nosuch0"}), HasSubstr("opening the interface nosuch0: there is no"));
  EXPECT_THAT(said({"-i", "lo@nosuch"}), HasSubstr("entering the network namespace nosuch: "));
  EXPECT_THAT(said({"-i", "prog:nosuch"}), HasSubstr("no loaded XDP program has this name"));
  EXPECT_THAT(said({"-i", "map:4294967295"}), HasSubstr("no map has this id"));
  EXPECT_THAT(said({"-i", files_.path("")}), HasSubstr("no hook is pinned in this folder"));
  EXPECT_THAT(said({"-i", m0(), "--method", "hook"}), HasSubstr("has no XDP program"));
  EXPECT_THAT(said({"-i", m0(), "--actions", "drop"}), HasSubstr("so all its packets pass"));
}

TEST_F(SourcesTest, WaitsForAProgram) {
  Process capture(tool({"-i", m0(), "--wait", "-w", file_, kOnlyTestFrames}));
  ASSERT_TRUE(eventually(
      [&] { return capture.err().find("no XDP program is attached") != std::string::npos; }));
  attach(middle_, "m0", program("by_first_byte"));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send(kDrop, 1);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_THAT(names(), ElementsAre(m0() + "/XDPdrop"));
}

TEST_F(SourcesTest, APinnedProgramByItsPath) {
  attach(middle_, "m0", program("by_first_byte"));
  pins_.pin(program("by_first_byte"), "program");
  capture({"-i", pins_.path("program")});
  send(kDrop, 1);
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_THAT(names(), ElementsAre(pins_.path("program") + "/XDPdrop"));
}

TEST_F(SourcesTest, ATruncatedNameMakesNoHook) {
  const BpfObject object = load_bpf_object(std::string(BPF_OBJECTS) + "/two_tables.o");
  attach(middle_, "m0", object.program("two_tables"));
  const ProcessResult result = run(tool({"-i", m0(), "--method", "hook", "-w", file_}));
  EXPECT_EQ(result.exit_code, 2);
  for (const char* name : {"firewall_stage1_hook", "firewall_stage1_progs"}) {
    EXPECT_THAT(result.err, HasSubstr("map:" + std::to_string(map_info(object.map(name))->id)));
  }
}

// Else the packets of the one that is not followed would be lost without a count.
TEST_F(SourcesTest, TwoSourcesOfOneHookAreNotFollowed) {
  attach(middle_, "m0", program("by_first_byte"));
  attach(middle_, "m1", program("by_first_byte"));
  const ProcessResult refused =
      run(tool({"--follow", "-i", m0(), "-i", "m1@" + middle_.name(), "-w", file_}));
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("--follow: m1@" + middle_.name() + " uses the hook map:"));
}

TEST_F(SourcesTest, AHookIsNotFollowedIntoAnotherSource) {
  const BpfObject other = load_bpf_object(object_file(false));
  attach(middle_, "m0", program("by_first_byte"));
  attach(middle_, "m1", other.program("by_first_byte"));
  capture({"--follow", "-i", m0(), "-i", "m1@" + middle_.name()});
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", other.program("by_first_byte"));
  ASSERT_TRUE(eventually([&] {
    return capture_->err().find("it is not captured twice") != std::string::npos;
  })) << capture_->err();
  send(kDrop, 4);
  EXPECT_EQ(end_capture().exit_code, 0);
  EXPECT_EQ(names(), std::vector<std::string>(4, "m1@" + middle_.name() + "/XDPdrop"));
}

TEST_F(SourcesTest, WaitsForAFolderWithAHook) {
  Process capture(tool({"-i", pins_.path(""), "--wait", "-w", file_, kOnlyTestFrames}));
  ASSERT_TRUE(eventually(
      [&] { return capture.err().find("waiting for the sources") != std::string::npos; }));
  pins_.pin(map("hook"), "hook");
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
}

}  // namespace
}  // namespace xdpcap::test
