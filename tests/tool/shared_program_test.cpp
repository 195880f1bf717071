// SPDX-License-Identifier: BSD-3-Clause
// Interfaces that run the same program, or use the same hook: each source shows the packets of its
// own interface only.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "bpf/map_info.hpp"
#include "bpf/program_info.hpp"
#include "bpf/tracing_program.hpp"
#include "source/chain.hpp"
#include "support/kernel_knowledge.hpp"
#include "support/patience.hpp"
#include "support/pcapng_file.hpp"
#include "tool/lab_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

constexpr unsigned kFromLeft = 3;
constexpr unsigned kFromRight = 5;

class SharedProgram : public LabTest {
 protected:
  SharedProgram() {
    load(false);
    attach(middle_, "m0", program("by_first_byte"));
  }

  [[nodiscard]] std::string m0() const { return "m0@" + middle_.name(); }
  [[nodiscard]] std::string m1() const { return "m1@" + middle_.name(); }

  void capture(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-w", file_, kOnlyTestFrames});
    start_command(tool(arguments));
  }
  // To m0, then to m1.
  void send() const {
    for (unsigned i = 0; i < kFromLeft; ++i) from_left_->send(test_frame(XDP_DROP, i));
    for (unsigned i = 0; i < kFromRight; ++i) at_right_->send(test_frame(XDP_DROP, i));
  }
  // Packets in the file, by the name of their interface.
  [[nodiscard]] std::map<std::string, unsigned> packets() const {
    const ProcessResult result =
        run({"tshark", "-r", file_, "-T", "fields", "-e", "frame.interface_name"});
    std::map<std::string, unsigned> packets;
    for (const std::string_view line : split(result.out, '\n')) {
      if (!line.empty()) ++packets[std::string(line)];
    }
    return packets;
  }
  void expect_end(unsigned count) {
    const ProcessResult result = end_capture();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, count) << result.err;
    // The kernel sends packets of its own over new links.
    EXPECT_GE(parse_summary(result.err).received, count) << result.err;
  }
  void kill_guardian() const;
  [[nodiscard]] std::size_t recorders_of_drops() const {
    return chain_in(map("hook"), XDP_DROP).size();
  }
};

void SharedProgram::kill_guardian() const {
  const std::string pid = std::to_string(capture_->pid());
  std::ifstream children(std::filesystem::path("/proc") / pid / "task" / pid / "children");
  int killed = 0;
  for (pid_t child = 0; children >> child; ++killed) ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(killed, 1);
}

// By the hook, and by tracing.
class SharedProgramByMethod : public SharedProgram,
                              public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    attach(middle_, "m1", program("by_first_byte"));
    if (std::string(GetParam()) == "hook") return;
    try {
      require_tracing(program("by_first_byte"), TracePoint::exit);
    } catch (const Error& refused) {
      if (std::getenv("XDPCAP_VM") != nullptr) FAIL() << refused.what();
      GTEST_SKIP() << "this kernel refuses tracing programs: " << refused.what();
    }
  }

  void capture_by_it(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--method", GetParam()});
    capture(arguments);
  }
};

INSTANTIATE_TEST_SUITE_P(, SharedProgramByMethod, ::testing::Values("hook", "trace"),
                         [](const auto& test) { return std::string(test.param); });

TEST_P(SharedProgramByMethod, AnInterfaceShowsItsOwnPackets) {
  constexpr unsigned kMany = 100;
  capture_by_it({"-i", m0()});
  send();
  for (unsigned i = 0; i < kMany; ++i) at_right_->send(test_frame(XDP_DROP, i));
  const ProcessResult result = end_capture();
  EXPECT_EQ(parse_summary(result.err).captured, kFromLeft) << result.err;
  EXPECT_LT(parse_summary(result.err).received, kMany) << result.err;  // those of m1 do not count
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(m0() + "/XDPdrop", kFromLeft)));
}

TEST_P(SharedProgramByMethod, TwoInterfacesAreTwoSources) {
  capture_by_it({"-i", m0(), "-i", m1()});
  send();
  const ProcessResult result = end_capture();
  EXPECT_THAT(result.err, HasSubstr(m0() + ": 3 captured, 3 matched, "));
  EXPECT_THAT(result.err, HasSubstr(m1() + ": 5 captured, 5 matched, "));
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(m0() + "/XDPdrop", kFromLeft),
                                              Pair(m1() + "/XDPdrop", kFromRight)));
}

TEST_P(SharedProgramByMethod, AProgramShowsThePacketsOfAllInterfaces) {
  const std::string all = "prog:" + std::to_string(program_info(program("by_first_byte")).id);
  capture_by_it({"-i", all, "-i", m1()});
  send();
  expect_end(kFromLeft + kFromRight + kFromRight);
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(all + "/XDPdrop", kFromLeft + kFromRight),
                                              Pair(m1() + "/XDPdrop", kFromRight)));
}

TEST_P(SharedProgramByMethod, KilledItLeavesNothingAndLosesNothing) {
  capture_by_it({"-i", m0(), "-i", m1()});
  capture_->signal(SIGSTOP);
  send();
  capture_->signal(SIGKILL);
  capture_->wait();
  EXPECT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && file->statistics.size() == 10;
  }));
  EXPECT_TRUE(eventually([&] { return recorders_of_drops() == 0; }));
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(m0() + "/XDPdrop", kFromLeft),
                                              Pair(m1() + "/XDPdrop", kFromRight)));
}

// An interface is an index in its namespace, and recorders see the index only.
TEST_P(SharedProgramByMethod, SaysWhichInterfacesItCannotTellApart) {
  const Namespace other;
  for (const Namespace* one : {static_cast<const Namespace*>(&middle_), &other}) {
    one->run({"ip", "link", "add", "twin", "index", "4242", "type", "veth", "peer", "name", "end"});
    for (const char* name : {"twin", "end"}) one->run({"ip", "link", "set", name, "up"});
    attach(*one, "twin", program("by_first_byte"));
  }
  const std::string twin = "twin@" + middle_.name();
  capture_by_it({"-i", twin});
  send();
  PacketSocket(middle_, "end").send(test_frame(XDP_DROP, 0));
  PacketSocket(other, "end").send(test_frame(XDP_DROP, 0));
  const ProcessResult result = end_capture();
  EXPECT_THAT(result.err, HasSubstr(twin + ": the packets of twin@" + other.name() +
                                    " are captured, too: it uses the same program or hook"));
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(twin + "/XDPdrop", 2)));
}

// Its program runs on its ports, whose indexes the packets have.
TEST_P(SharedProgramByMethod, ABondShowsThePacketsOfItsPorts) {
  if (kernel_version() < std::pair(5, 15)) {
    GTEST_SKIP() << "this kernel runs no native XDP on bonds (5.15)";
  }
  if (run(middle_.inside({"ip", "link", "add", "bond", "type", "bond", "mode", "balance-xor"}))
          .exit_code != 0) {
    GTEST_SKIP() << "this kernel has no bonds";
  }
  const Namespace ends;
  join(ends, "e0", "10.0.2.1/24", middle_, "p0", "10.0.2.2/24");
  middle_.run({"ip", "link", "set", "p0", "down"});
  middle_.run({"ip", "link", "set", "p0", "master", "bond"});
  middle_.run({"ip", "link", "set", "p0", "up"});
  middle_.run({"ip", "link", "set", "bond", "up"});
  attach(middle_, "bond", program("by_first_byte"));
  const PacketSocket at_end(ends, "e0");
  const std::string bond = "bond@" + middle_.name();
  capture_by_it({"-i", bond});
  send();
  for (int i = 0; i < 4; ++i) at_end.send(test_frame(XDP_DROP, 9));
  expect_end(4);
  EXPECT_THAT(packets(), UnorderedElementsAre(Pair(bond + "/XDPdrop", 4)));
}

TEST_F(SharedProgram, AnotherProgramWithTheSameHook) {
  const HookedProgram other(map("hook"), {BPF_XDP, false});
  attach(middle_, "m1", other.fd());
  capture({"-i", m0()});
  send();
  expect_end(kFromLeft);
}

// The other one is called by programs that do not use the hook themselves.
TEST_F(SharedProgram, AnotherProgramWithTheSameHookThatIsAttachedNowhere) {
  const HookedProgram stage(map("hook"), {BPF_XDP, false});
  const BpfObject hookless = load_bpf_object(std::string(BPF_OBJECTS) + "/hookless.o");
  const std::uint32_t first = 0;
  const int stage_fd = stage.fd();
  ASSERT_EQ(bpf_map_update_elem(hookless.map("jump_table"), &first, &stage_fd, BPF_ANY), 0);
  attach(middle_, "m1", hookless.program("calls_tail"));
  capture({"-i", m0()});
  send();
  expect_end(kFromLeft);
}

TEST_F(SharedProgram, TwoSourcesOfOneHookAreRepaired) {
  attach(middle_, "m1", program("by_first_byte"));
  capture({"-i", m0(), "-i", m1()});
  EXPECT_EQ(recorders_of_drops(), 2U);
  const std::uint32_t drop = XDP_DROP;
  ASSERT_EQ(bpf_map_delete_elem(map("hook"), &drop), 0);
  ASSERT_TRUE(eventually([&] { return recorders_of_drops() == 2; })) << capture_->err();
  EXPECT_TRUE(eventually([&] {
    return capture_->err().find("was emptied by another process: reinstalled") != std::string::npos;
  })) << capture_->err();
  send();
  expect_end(kFromLeft + kFromRight);
  EXPECT_EQ(recorders_of_drops(), 0U);
}

TEST_F(SharedProgram, TwoSourcesOfOneHookLeaveItBetweenOtherCaptures) {
  attach(middle_, "m1", program("by_first_byte"));
  const std::string hook = "map:" + std::to_string(map_info(map("hook"))->id);
  const std::string first = files_.path("first.pcap");
  const std::string last = files_.path("last.pcap");
  Process before(tool({"-i", hook, "-w", first, kOnlyTestFrames}));
  ASSERT_TRUE(wait_until_live(before, first)) << before.err();
  capture({"-i", m0(), "-i", m1()});
  Process after(tool({"-i", hook, "-w", last, kOnlyTestFrames}));
  ASSERT_TRUE(wait_until_live(after, last)) << after.err();
  EXPECT_EQ(recorders_of_drops(), 4U);
  send();
  expect_end(kFromLeft + kFromRight);
  EXPECT_EQ(recorders_of_drops(), 2U);
  send();
  for (Process* one : {&before, &after}) {
    one->signal(SIGINT);
    EXPECT_EQ(parse_summary(one->wait().err).captured, 2 * (kFromLeft + kFromRight));
  }
}

// To leave a chain in its middle takes privileges, which only the guardian has.
TEST_F(SharedProgram, TwoSourcesOfOneHookLeaveItWithoutGuardianAndRoot) {
  if (keeps_maps_from_users()) {
    GTEST_SKIP() << "this kernel keeps open maps from who has given up root (5.19)";
  }
  attach(middle_, "m1", program("by_first_byte"));
  capture({"-i", m0(), "-i", m1(), "-Z", "nobody"});
  send();
  kill_guardian();
  expect_end(kFromLeft + kFromRight);
  EXPECT_EQ(recorders_of_drops(), 0U);
}

TEST_F(SharedProgram, TwoSourcesOfOneHookDoNotTakeItOverFromEachOther) {
  attach(middle_, "m1", program("by_first_byte"));
  const ProcessResult result = run(tool({"--replace", "-i", m0(), "-i", m1(), "-w", file_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("--replace: " + m1() + " uses the hook map:"));
}

}  // namespace
}  // namespace xdpcap::test
