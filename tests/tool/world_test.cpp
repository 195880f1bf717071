// SPDX-License-Identifier: BSD-3-Clause
// Changes during a capture: another hook at the same path, no hook, programs unloaded and reloaded.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bpf/features.hpp"
#include "support/capture_reader.hpp"
#include "support/network.hpp"
#include "support/pcapng_file.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

// A hook with its program, as a load balancer has one before and another after its restart.
struct Generation {
  explicit Generation(Flavour flavour = kFlavours.front(), std::uint32_t slots = 5)
      : map(create_hook(slots)), program(std::in_place, map.get(), flavour) {}

  [[nodiscard]] bool empty() const {
    std::uint32_t id = 0;
    for (std::uint32_t slot = 0; slot < 5; ++slot) {
      if (bpf_map_lookup_elem(map.get(), &slot, &id) == 0) return false;
    }
    return true;
  }

  UniqueFd map;
  std::optional<HookedProgram> program;
};

class WorldTest : public ToolTest {
 protected:
  void start(std::vector<std::string> options) {
    options.insert(options.end(), {path_, file_});
    capture_.emplace(tool(options));
    ASSERT_TRUE(wait_until_live(*capture_, file_)) << capture_->err();
  }
  [[nodiscard]] bool says(const std::string& words) const {
    return eventually([&] { return capture_->err().find(words) != std::string::npos; });
  }
  void pin(const Generation& generation) {
    ::unlink(path_.c_str());
    folder_.pin(generation.map.get(), "rolling");
  }
  void stop(std::uint64_t packets) {
    capture_->signal(SIGINT);
    const ProcessResult result = capture_->wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(read_bytes(file_).size(), packets);
  }

  std::string path_ = folder_.path("rolling");
  std::optional<Process> capture_;
};

// The guardian has the privileges for that.
TEST_F(WorldTest, FollowsAHookWithoutRoot) {
  Generation first;
  Generation second;
  pin(first);
  start({"-q", "--follow", "-Z", "nobody"});
  first.program->run(packet_for(XDP_DROP), 10);
  pin(second);
  EXPECT_TRUE(says("another hook was pinned at " + path_ + ": continuing with that one"));
  EXPECT_TRUE(first.empty());
  second.program->run(packet_for(XDP_DROP), 10);
  stop(20);
  EXPECT_TRUE(second.empty());
}

TEST_F(WorldTest, TellsThatAFollowedHookHasOtherSlots) {
  const Generation first;
  const Generation more(kFlavours.front(), 7);
  const Generation fewer(kFlavours.front(), 3);
  pin(first);
  start({"-q", "--follow"});
  pin(more);
  EXPECT_TRUE(
      says("continuing with that one; of its 7 slots only the first 5 are captured, as before"));
  pin(fewer);
  EXPECT_TRUE(says("continuing with that one; it has only 3 slots"));
  stop(0);
}

// What it has done is known to the capture, and to the next guardian.
TEST_F(WorldTest, AGuardianThatIsKilledAfterItFollowedIsReplaced) {
  Generation first;
  Generation second;
  pin(first);
  start({"-q", "--follow"});
  pin(second);
  ASSERT_TRUE(eventually([&] { return !second.empty() && first.empty(); }));
  run({"pkill", "-KILL", "-P", std::to_string(capture_->pid()), "xdpcap-guardian"});
  EXPECT_TRUE(says("the guardian was killed: started another"));
  const std::uint32_t key = XDP_DROP;
  ASSERT_EQ(bpf_map_delete_elem(second.map.get(), &key), 0);
  EXPECT_TRUE(says("slot drop of the hook " + path_ + " was emptied by another process"));
  second.program->run(packet_for(XDP_DROP), 10);
  capture_->signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return second.empty(); }));
  EXPECT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && file->packets == 10 && file->statistics.size() == 5;
  }));
}

// Another process holds the lock, so that it is killed after it has filled the hook, but before it
// reports that.
TEST_F(WorldTest, ANextGuardianReportsWhatTheOneBeforeFollowed) {
  const Generation first;
  Generation second;
  pin(first);
  start({"-q", "--follow"});
  {
    const UniqueFd folder(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
    pin(second);
    ASSERT_TRUE(eventually([&] { return !second.empty(); }));
    run({"pkill", "-KILL", "-P", std::to_string(capture_->pid()), "xdpcap-guardian"});
  }
  EXPECT_TRUE(says("another hook was pinned at " + path_ + ": continuing with that one"));
  EXPECT_TRUE(first.empty());
  second.program->run(packet_for(XDP_DROP), 10);
  stop(10);
  EXPECT_TRUE(second.empty());
}

// The guardian sends the hook with each look until the capture has received it. Another process
// holds the lock of the hook: only the guardian may wait for it.
TEST_F(WorldTest, ACaptureThatReceivesAHookTwiceFollowsOnce) {
  const Generation first;
  const Generation second;
  pin(first);
  start({"-q", "--follow"});
  {
    const UniqueFd folder(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
    capture_->signal(SIGSTOP);
    pin(second);
    std::this_thread::sleep_for(std::chrono::seconds(4));
    capture_->signal(SIGCONT);
    capture_->signal(SIGUSR1);
    const auto answers = [&] {
      return capture_->err().find("0 packets captured") != std::string::npos;
    };
    EXPECT_TRUE(eventually(answers, std::chrono::seconds(3))) << capture_->err();
  }
  EXPECT_TRUE(says("another hook was pinned at " + path_ + ": continuing with that one"));
  EXPECT_THAT(capture_->err(), ::testing::Not(::testing::HasSubstr("was emptied")));
  second.program->run(packet_for(XDP_DROP), 10);
  stop(10);
}

TEST_F(WorldTest, FollowsAHookThroughReloads) {
  Generation first;
  Generation second({BPF_XDP, has_xdp_load_bytes()});  // the new program may take fragments
  Generation third;
  pin(first);
  start({"-q", "--follow"});
  first.program->run(packet_for(XDP_DROP), 10);

  pin(second);
  EXPECT_TRUE(says("another hook was pinned at " + path_ + ": continuing with that one"));
  EXPECT_TRUE(first.empty());
  second.program->run(packet_for(XDP_DROP), 10);

  ::unlink(path_.c_str());
  EXPECT_TRUE(says("the hook was unpinned from " + path_ + ": continuing with it until another"));
  second.program->run(packet_for(XDP_DROP), 10);
  pin(third);
  EXPECT_TRUE(eventually([&] { return second.empty(); }));
  third.program->run(packet_for(XDP_PASS), 10);
  stop(40);
  EXPECT_TRUE(third.empty());
}

TEST_F(WorldTest, ANewHookIsFollowedOnceAProgramUsesIt) {
  Generation first;
  pin(first);
  start({"-q", "--follow"});
  const UniqueFd map = create_hook();
  ::unlink(path_.c_str());
  folder_.pin(map.get(), "rolling");
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_FALSE(first.empty());
  const HookedProgram program(map.get(), {0, false});  // the hook accepts any program
  EXPECT_TRUE(eventually([&] { return first.empty(); }));
  program.run(packet_for(XDP_TX), 5);
  stop(5);
}

TEST_F(WorldTest, WithoutFollowingItSaysWhatHasChangedAndStays) {
  Generation first;
  Generation second;
  pin(first);
  start({"-q"});
  pin(second);
  EXPECT_TRUE(
      says("another hook was pinned at " + path_ + ": still capturing from the previous one"));
  first.program->run(packet_for(XDP_DROP), 3);
  second.program->run(packet_for(XDP_DROP), 5);
  pin(first);
  EXPECT_TRUE(says("the hook is pinned at " + path_ + " again"));
  ::unlink(path_.c_str());
  EXPECT_TRUE(says("the hook was unpinned from " + path_));
  first.program->run(packet_for(XDP_DROP), 4);
  stop(7);
  EXPECT_TRUE(first.empty());
  EXPECT_TRUE(second.empty());
}

// The same happens when an interface is removed: its program is unloaded with it.
TEST_F(WorldTest, SaysWhenTheProgramGoesAndComes) {
  Generation hook;
  pin(hook);
  start({"-q"});
  hook.program->run(packet_for(XDP_DROP));
  hook.program.reset();
  EXPECT_TRUE(says("no loaded program uses the hook " + path_ + " any more"));
  hook.program.emplace(hook.map.get(), kFlavours.front());
  EXPECT_TRUE(says("a program uses the hook " + path_ + " again"));
  hook.program->run(packet_for(XDP_DROP));
  stop(2);
}

// A real one, which alone has its program.
TEST_F(WorldTest, SaysWhenTheInterfaceIsRemoved) {
  Generation hook;
  pin(hook);
  const Namespace network;
  network.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  folder_.pin(hook.program->fd(), "program");
  network.run({"ip", "link", "set", "dev", "v0", "xdp", "pinned", folder_.path("program")});
  ::unlink(folder_.path("program").c_str());
  hook.program.reset();
  start({"-q"});
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(capture_->err(), "");
  network.run({"ip", "link", "del", "v0"});
  EXPECT_TRUE(says("no loaded program uses the hook " + path_ + " any more"));
  stop(0);
}

TEST_F(WorldTest, AQuietWorldIsNoNews) {
  const Generation hook;
  pin(hook);
  start({"-q"});
  std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  EXPECT_EQ(capture_->err(), "");
  stop(0);
}

}  // namespace
}  // namespace xdpcap::test
