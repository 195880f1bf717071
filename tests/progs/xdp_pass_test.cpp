// SPDX-License-Identifier: BSD-3-Clause
// xdp_pass, and with it the loader that all examples share, as users see it: in a lab, with ping,
// its output and exit code, and whether it cleans up.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "hook/marker.hpp"
#include "progs/captures.hpp"
#include "progs/lab.hpp"
#include "progs/skeleton_program.hpp"
#include "xdp_pass.skel.h"

namespace xdpcap::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(XdpPassProgram, PassesEveryCaptureAsItIs) {
  SkeletonProgram<xdp_pass_bpf> program;
  program.watch(program->maps.xdpcap_hook);
  for_each_captured("ip", [&](const Bytes& packet, bool) {
    const Verdict verdict = program.run(program->progs.xdp_pass, packet);
    EXPECT_EQ(verdict.action, XDP_PASS);
    EXPECT_EQ(verdict.packet, packet);
  });
}

class XdpPass : public testing::Test {
 protected:
  std::vector<std::string> command(const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {bin("xdp_pass"),   "-i",     "eth0",     "--netns",
                                      lab_.name("NODE"), "--hook", lab_.hook()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  int ping() { return lab_.exec("peer", {"ping", "-c", "1", "-W", "2", node_ip_}).exit_code; }
  std::string link() { return lab_.exec("node", {"ip", "link", "show", "eth0"}).text; }
  void expect_nothing_left() {
    EXPECT_FALSE(fs::exists(lab_.hook()));
    EXPECT_THAT(link(), Not(HasSubstr("xdp")));
  }

  Lab lab_{"one"};
  std::string node_ip_ = lab_.name("NODE_IP");
};

struct ModeCase {
  const char* option;
  const char* said;
  const char* shown;  // by `ip link`
};

class XdpPassMode : public XdpPass, public testing::WithParamInterface<ModeCase> {};

TEST_P(XdpPassMode, AttachesPassesAndCleansUp) {
  Command program(command({"--mode", GetParam().option}));
  ASSERT_TRUE(program.wait_for("hook pinned at " + lab_.hook() + "\n")) << program.text();
  EXPECT_EQ(program.text(), "xdp_pass: attached to eth0 (" + std::string(GetParam().said) +
                                ") in " + lab_.name("NODE") + ", hook pinned at " + lab_.hook() +
                                "\n");
  EXPECT_THAT(link(), HasSubstr(GetParam().shown));
  EXPECT_TRUE(fs::exists(lab_.hook())) << "the pin is visible outside of the namespace";
  EXPECT_EQ(ping(), 0);

  program.signal(SIGTERM);
  EXPECT_EQ(program.finish().exit_code, 0);
  expect_nothing_left();
}

INSTANTIATE_TEST_SUITE_P(Modes, XdpPassMode,
                         testing::Values(ModeCase{"native", "native", "mtu 1500 xdp "},
                                         ModeCase{"generic", "generic", "xdpgeneric"},
                                         ModeCase{"auto", "native", "mtu 1500 xdp "}),
                         [](const auto& mode) { return std::string(mode.param.option); });

// A program in the slot sees the traffic of the lab: what it returns happens to the packets.
TEST_F(XdpPass, HookIsOnThePathOfThePackets) {
  const Command program(command());
  ASSERT_TRUE(program.wait_for("pinned")) << program.text();
  const UniqueFd hook(bpf_obj_get(lab_.hook().c_str()));
  ASSERT_TRUE(hook.valid());
  put_into_slot(hook.get(), XDP_PASS, load_marker(XDP_DROP).get());
  // The jump is patched in a moment after the slot is filled.
  EXPECT_NE(lab_.exec("peer", {"ping", "-c", "3", "-i", "0.3", "-W", "1", node_ip_})
                .text.find("% packet loss"),
            std::string::npos);
  EXPECT_EQ(lab_.exec("peer", {"ping", "-c", "1", "-W", "1", node_ip_}).exit_code, 1);
  const std::uint32_t slot = XDP_PASS;
  bpf_map_delete_elem(hook.get(), &slot);
  EXPECT_EQ(lab_.exec("peer", {"ping", "-c", "5", "-i", "0.2", "-W", "1", node_ip_}).exit_code, 0);
}

TEST_F(XdpPass, EverySignalThatEndsItCleansUp) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2}) {
    SCOPED_TRACE(strsignal(signal));
    Command program(command());
    ASSERT_TRUE(program.wait_for("pinned")) << program.text();
    program.signal(signal);
    EXPECT_EQ(program.finish().exit_code, 0);
    expect_nothing_left();
  }
}

// The kernel detaches with the link; the pin stays, and the next run takes its place.
TEST_F(XdpPass, ComesBackAfterAKill) {
  {
    const Command program(command());
    ASSERT_TRUE(program.wait_for("pinned")) << program.text();
  }
  EXPECT_THAT(link(), Not(HasSubstr("xdp")));
  EXPECT_TRUE(fs::exists(lab_.hook()));
  Command program(command());
  EXPECT_TRUE(program.wait_for("pinned")) << program.text();
  program.signal(SIGINT);
  EXPECT_EQ(program.finish().exit_code, 0);
  expect_nothing_left();
}

TEST_F(XdpPass, TwoInterfacesAtOnce) {
  const Command program(command({"-i", "lo", "--mode", "generic"}));
  EXPECT_TRUE(program.wait_for("attached to eth0 (generic), lo (generic)")) << program.text();
}

// One helpful line each, the exit code, and nothing left.
TEST_F(XdpPass, FailuresSayWhatToDo) {
  struct Case {
    std::vector<std::string> command;
    int exit_code;
    std::string says;
  };
  const std::string xdp_pass = bin("xdp_pass");
  const std::vector<Case> cases = {
      {{xdp_pass}, 1, "--interface is required"},
      {command({"--mode", "warp"}), 1, "warp not in {auto,generic,native}"},
      {command({"--no-such-option"}), 1, "--no-such-option"},
      {{xdp_pass, "-i", "nosuch0", "--hook", lab_.hook()},
       2,
       "attaching to nosuch0: No such device"},
      {{xdp_pass, "-i", "eth0", "--netns", "nosuch", "--hook", lab_.hook()},
       2,
       "opening the network namespace nosuch: No such file or directory"},
      {{xdp_pass, "-i", "eth0", "--netns", lab_.name("NODE"), "--hook", "/tmp/xdpcap_hook"},
       2,
       "/tmp is not on a BPF filesystem (mount it with: mount -t bpf bpf /sys/fs/bpf"},
      {{xdp_pass, "-i", "lo", "--netns", lab_.name("NODE"), "--mode", "native", "--hook",
        lab_.hook()},
       2,
       "attaching to lo in " + lab_.name("NODE") + ": Operation not supported (the driver has no"},
  };
  for (const Case& wrong : cases) {
    const Output output = output_of(wrong.command);
    EXPECT_EQ(output.exit_code, wrong.exit_code) << output.text;
    EXPECT_THAT(output.text, StartsWith("xdp_pass: "));
    EXPECT_THAT(output.text, HasSubstr(wrong.says));
    EXPECT_EQ(std::count(output.text.begin(), output.text.end(), '\n'), 1) << output.text;
    expect_nothing_left();
  }
}

TEST_F(XdpPass, LeavesWhatIsNotItsOwn) {
  const UniqueFd array(bpf_map_create(BPF_MAP_TYPE_ARRAY, "an_array", 4, 4, 1, nullptr));
  ASSERT_EQ(bpf_obj_pin(array.get(), lab_.hook().c_str()), 0);
  const Output output = output_of(command());
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.text, HasSubstr("what is there is not a hook"));
  EXPECT_TRUE(fs::exists(lab_.hook()));
  EXPECT_THAT(link(), Not(HasSubstr("xdp")));
}

TEST_F(XdpPass, ASecondOneIsRefusedAndTheFirstGoesOn) {
  const Command first(command());
  ASSERT_TRUE(first.wait_for("pinned")) << first.text();
  const Output same_hook = output_of(command());
  EXPECT_EQ(same_hook.exit_code, 2);
  EXPECT_THAT(same_hook.text, HasSubstr("program \"xdp_pass\""));
  EXPECT_THAT(same_hook.text, HasSubstr("uses the hook that is there"));

  const std::string elsewhere = lab_.hook() + "_2";
  const Output same_interface =
      output_of({bin("xdp_pass"), "-i", "eth0", "--netns", lab_.name("NODE"), "--hook", elsewhere});
  EXPECT_EQ(same_interface.exit_code, 2);
  EXPECT_THAT(same_interface.text, HasSubstr("another XDP program is there"));
  EXPECT_FALSE(fs::exists(elsewhere));

  EXPECT_EQ(ping(), 0);
  EXPECT_TRUE(fs::exists(lab_.hook()));
}

TEST_F(XdpPass, VerboseShowsWhatLibbpfSays) {
  const Command program(command({"-v"}));
  ASSERT_TRUE(program.wait_for("hook pinned at")) << program.text();
  EXPECT_THAT(program.text(), HasSubstr("libbpf: "));
}

}  // namespace
}  // namespace xdpcap::test
