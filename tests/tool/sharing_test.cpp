// SPDX-License-Identifier: BSD-3-Clause
// Two and more captures on one hook: all have exact counts, and when one ends the others continue.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "source/chain.hpp"
#include "source/installation.hpp"
#include "support/capture_reader.hpp"
#include "tool/lock.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class SharingTest : public ToolTest {
 protected:
  // A capture of its own file, and how many packets it has to have in the end.
  struct Capture {
    std::string file;
    std::unique_ptr<Process> process;
    std::uint64_t expected = 0;
  };

  Capture& start(const std::vector<std::string>& options = {},
                 const std::vector<std::string>& filter = {}) {
    Capture& capture = captures_.emplace_back();
    capture.file = files_.path("out" + std::to_string(captures_.size()));
    std::vector<std::string> arguments = options;
    arguments.insert(arguments.end(), {hook_path_, capture.file});
    arguments.insert(arguments.end(), filter.begin(), filter.end());
    capture.process = std::make_unique<Process>(tool(arguments));
    EXPECT_TRUE(wait_until_live(*capture.process, capture.file)) << capture.process->err();
    return capture;
  }

  void send(std::uint32_t packets, const std::vector<Capture*>& expected_in) {
    for (std::uint32_t i = 0; i < packets; ++i) {
      // The action does not change, whichever capture records it.
      EXPECT_EQ(program_.run(packet_for(i % 5)), i % 5);
    }
    for (Capture* capture : expected_in) capture->expected += packets;
  }

  static void stop(Capture& capture) {
    capture.process->signal(SIGINT);
    const ProcessResult result = capture.process->wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, capture.expected);
    EXPECT_EQ(parse_summary(result.err).received, capture.expected);
    EXPECT_EQ(read_bytes(capture.file).size(), capture.expected);
  }

  // The guardian is the child that has a name of its own.
  static std::vector<pid_t> guardians_of(pid_t tool) {
    std::vector<pid_t> guardians;
    const std::string path = "/proc/" + std::to_string(tool) + "/task/" + std::to_string(tool);
    std::ifstream children(path + "/children");
    for (pid_t child = 0; children >> child;) {
      std::string name;
      std::getline(std::ifstream("/proc/" + std::to_string(child) + "/comm"), name);
      if (name == "xdpcap-guardian") guardians.push_back(child);
    }
    return guardians;
  }

  static void kill_with_guardian(const Capture& capture) {
    const std::vector<pid_t> guardians = guardians_of(capture.process->pid());
    ASSERT_EQ(guardians.size(), 1U);
    ::kill(guardians.front(), SIGSTOP);  // so that it cannot notice the end of the other
    capture.process->signal(SIGKILL);
    capture.process->wait();
    ::kill(guardians.front(), SIGKILL);
    ASSERT_TRUE(eventually([&] { return ::kill(guardians.front(), 0) != 0; }));
  }

  [[nodiscard]] std::uint32_t first_program(std::uint32_t slot = XDP_PASS) const {
    return Hook::open(hook_path_).program_in(XdpAction(slot)).value_or(0);
  }

  std::vector<Capture> captures_ = [] {
    std::vector<Capture> captures;
    captures.reserve(32);  // references to them stay valid
    return captures;
  }();
};

// Every order in which three captures can end.
class EveryOrder : public SharingTest, public ::testing::WithParamInterface<std::vector<int>> {};
INSTANTIATE_TEST_SUITE_P(OfThree, EveryOrder,
                         ::testing::Values(std::vector{0, 1, 2}, std::vector{0, 2, 1},
                                           std::vector{1, 0, 2}, std::vector{1, 2, 0},
                                           std::vector{2, 0, 1}, std::vector{2, 1, 0}));

TEST_P(EveryOrder, LeavesTheOthersAtWork) {
  std::vector<Capture*> running;
  for (int i = 0; i < 3; ++i) {
    running.push_back(&start());
    send(50, running);
  }
  for (const int which : GetParam()) {
    Capture* ending = &captures_[static_cast<std::size_t>(which)];
    stop(*ending);
    std::erase(running, ending);
    send(50, running);
  }
  EXPECT_TRUE(hook_is_empty());
}

TEST_P(EveryOrder, AlsoWhenItIsKilled) {
  std::vector<Capture*> running;
  for (int i = 0; i < 3; ++i) running.push_back(&start());
  send(50, running);
  Capture* killed = &captures_[static_cast<std::size_t>(GetParam().front())];
  killed->process->signal(SIGKILL);
  std::erase(running, killed);
  send(50, running);  // those the killed one had no part in may come at any moment of its end
  killed->process->wait();
  EXPECT_TRUE(eventually([&] { return chain_in(map_.get(), XDP_PASS).size() == 2; }));
  send(50, running);
  for (Capture* capture : running) stop(*capture);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
}

TEST_F(SharingTest, EachHasAFilterOfItsOwn) {
  Capture& all = start();
  Capture& drops = start({"-actions", "drop"});
  Capture& none = start({}, {"greater", "1000"});
  for (std::uint32_t i = 0; i < 100; ++i) program_.run(packet_for(i % 5));
  for (Capture* capture : {&drops, &all, &none}) {
    capture->process->signal(SIGTERM);
    const Summary summary = parse_summary(capture->process->wait().err);
    EXPECT_EQ(summary.received, capture == &drops ? 20U : 100U);
    EXPECT_EQ(summary.captured, capture == &none ? 0U : summary.received);
  }
  EXPECT_TRUE(hook_is_empty());
}

// As Cloudflare's xdpcap: it does not know of chains, and empties the slot at its end.
TEST_F(SharingTest, AProgramThatIsNoRecorderIsChainedAndPutBack) {
  ebpf::Assembler code;
  code.alu32(ebpf::Alu::mov, ebpf::Reg::r0, 77);
  code.exit();
  const std::uint32_t key = XDP_PASS;
  {
    // No process has it open, like a recorder of a dead capture; and its name is like a recorder's.
    const UniqueFd foreign = load_xdp_program("xdpcap_alike", code.assemble(), kFlavours.front());
    const int fd = foreign.get();
    ASSERT_EQ(bpf_map_update_elem(map_.get(), &key, &fd, BPF_ANY), 0);
  }
  const std::uint32_t id = first_program();

  Capture& capture = start({"-actions", "pass"});
  EXPECT_EQ(program_.run(packet_for(XDP_PASS)), 77U);
  EXPECT_NE(first_program(), id);
  capture.expected = 1;
  stop(capture);
  EXPECT_EQ(first_program(), id);
}

// Whichever checks first; several times, as the order is random.
TEST_F(SharingTest, ASlotThatSomebodyEmptiesIsFilledAgainByAll) {
  Capture& first = start();
  Capture& second = start();
  Capture& third = start();
  const std::vector<Capture*> all = {&first, &second, &third};
  const std::uint32_t key = XDP_PASS;
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(bpf_map_delete_elem(map_.get(), &key), 0);
    EXPECT_TRUE(eventually([&] { return chain_in(map_.get(), key).size() == 3; })) << i;
    send(50, all);
  }
  EXPECT_THAT(first.process->err() + second.process->err() + third.process->err(),
              HasSubstr("slot pass of the hook " + hook_path_ + " was emptied by another process"));
  for (Capture* capture : all) stop(*capture);
  EXPECT_TRUE(hook_is_empty());
}

// The kernel empties the PROG_ARRAY that led to the others when its last user is gone.
TEST_F(SharingTest, CapturesInFrontThatAreKilledWithTheirGuardiansCutNobodyOff) {
  Capture& one = start();
  Capture& another = start();
  Capture& last = start();
  send(50, {&one, &another, &last});
  kill_with_guardian(one);
  kill_with_guardian(another);
  send(50, {&last});
  stop(last);
}

TEST_F(SharingTest, NotEvenOneThatLosesItsGuardianAtThatMoment) {
  Capture& killed = start();
  Capture& last = start();
  send(50, {&killed, &last});
  ::kill(guardians_of(last.process->pid()).at(0), SIGKILL);
  kill_with_guardian(killed);
  send(50, {&last});
  stop(last);
}

TEST_F(SharingTest, LeftoverRecordersAreRemovedByTheNextCapture) {
  const Capture& first = start();
  const Capture& second = start();
  Capture& last = start();
  kill_with_guardian(first);
  kill_with_guardian(second);
  EXPECT_EQ(chain_in(map_.get(), XDP_PASS).size(), 3U);
  Capture& next = start();
  EXPECT_EQ(chain_in(map_.get(), XDP_PASS).size(), 2U);
  send(50, {&last, &next});
  stop(last);
  stop(next);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(SharingTest, ACaptureThatEndsConnectsThoseAroundLeftoverRecorders) {
  Capture& first = start();
  const Capture& killed = start();
  Capture& last = start();
  kill_with_guardian(killed);
  stop(first);
  EXPECT_EQ(chain_in(map_.get(), XDP_PASS).size(), 1U);
  send(50, {&last});
  stop(last);
  EXPECT_TRUE(hook_is_empty());
}

// What called it may be called again itself.
TEST_F(SharingTest, WhoLeavesWhileTheSlotIsEmptyDoesNotComeBack) {
  Capture& first = start();
  Capture& second = start();
  Capture& last = start();
  const std::uint32_t key = XDP_PASS;
  ASSERT_EQ(bpf_map_delete_elem(map_.get(), &key), 0);
  stop(second);
  EXPECT_TRUE(eventually([&] { return chain_in(map_.get(), key).size() == 2; }))
      << chain_in(map_.get(), key).size();
  send(50, {&first, &last});
  stop(first);
  stop(last);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(SharingTest, ReplacingIsToldToTheOneReplaced) {
  Capture& first = start({"-q"});
  Capture& second = start({"--replace"});
  EXPECT_EQ(chain_in(map_.get(), XDP_PASS).size(), 1U);
  EXPECT_TRUE(eventually([&] {
    return first.process->err().find(
               "slot pass of the hook " + hook_path_ + " was taken over by BPF program " +
               std::to_string(first_program()) + " (xdpcap_pass), pid ") != std::string::npos;
  })) << first.process->err();
  stop(second);
  // And comes back when the other one has gone.
  EXPECT_TRUE(eventually([&] { return first_program() != 0; }));
  program_.run(packet_for(XDP_PASS));
  first.process->signal(SIGINT);
  first.process->wait();
  EXPECT_EQ(read_bytes(first.file).size(), 1U);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(SharingTest, WhoMayNotShareIsToldWhoHoldsTheHook) {
  Capture& first = start();
  std::vector<std::string> command = {"setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all",
                                      "--"};
  const auto capture = tool({hook_path_, files_.path("never")});
  command.insert(command.end(), capture.begin(), capture.end());
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("slot aborted already holds BPF program " +
                                    std::to_string(first_program(XDP_ABORTED))));
  EXPECT_THAT(result.err, HasSubstr("CAP_SYS_ADMIN"));
  EXPECT_THAT(result.err, HasSubstr(", pid " + std::to_string(first.process->pid()) +
                                    " (xdpcap-cpp), since 20"));
  stop(first);
}

// Any process that may open the hook's folder may hold the lock.
TEST_F(SharingTest, TwoThatStartWhileTheLockIsHeldBothCapture) {
  std::optional<Process> holder;
  holder.emplace(std::vector<std::string>{"flock", folder_.path(""), "sleep", "60"});
  ASSERT_TRUE(eventually([&] { return is_locked(folder_.path("")); }));
  std::vector<std::unique_ptr<Process>> captures;
  for (const char* name : {"a", "b"}) {
    captures.push_back(std::make_unique<Process>(tool({"-q", hook_path_, files_.path(name)})));
  }
  for (const auto& capture : captures) {
    EXPECT_TRUE(eventually([&] {
      return capture->err().find("another process holds the lock") != std::string::npos;
    })) << capture->err();
  }
  EXPECT_TRUE(eventually([&] { return chain_in(map_.get(), XDP_PASS).size() == 2; }));
  program_.run(packet_for(XDP_PASS), 10);
  holder.reset();
  for (const auto& capture : captures) {
    capture->signal(SIGINT);
    EXPECT_EQ(capture->wait().exit_code, 0);
  }
  EXPECT_EQ(read_bytes(files_.path("a")).size(), 10U);
  EXPECT_EQ(read_bytes(files_.path("b")).size(), 10U);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(SharingTest, TooManyAreTooMany) {
  for (unsigned i = 0; i < kLongestChain; ++i) start({"-q", "-actions", "pass", "-buffer", "4096"});
  EXPECT_EQ(program_.run(packet_for(XDP_PASS)), std::uint32_t{XDP_PASS});
  const ProcessResult result = run(tool({hook_path_, files_.path("never")}));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("slot pass already holds 16 programs"));
  EXPECT_THAT(result.err, HasSubstr(", since 20"));
  EXPECT_THAT(result.err, HasSubstr("--replace"));
  for (Capture& capture : captures_) {
    capture.process->signal(SIGINT);
    EXPECT_EQ(capture.process->wait().exit_code, 0);
    EXPECT_EQ(read_bytes(capture.file).size(), 1U);
  }
  EXPECT_TRUE(hook_is_empty());
}

}  // namespace
}  // namespace xdpcap::test
