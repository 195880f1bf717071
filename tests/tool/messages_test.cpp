// SPDX-License-Identifier: BSD-3-Clause
// What the tool says of itself while it captures, waits or lists.
#include <gmock/gmock.h>

#include <csignal>
#include <string>
#include <vector>

#include "bpf/program_info.hpp"
#include "tool/habits_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class MessagesTest : public HabitsTest {
 protected:
  // stderr of a capture that is ended once it runs.
  std::string said_by(const std::vector<std::string>& arguments) {
    Process capture(tool(arguments));
    EXPECT_TRUE(wait_until_filled()) << capture.err();
    capture.signal(SIGINT);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.err;
  }
  // The output of a terminal on which `command` runs, while packets arrive.
  std::string on_terminal(const std::string& command) {
    Process terminal({"env", "TERM=xterm", "script", "-qec", command, "/dev/null"});
    EXPECT_TRUE(wait_until_live(terminal, file_)) << terminal.out();
    program_.run(packet_for(XDP_DROP), 30);
    program_.run(packet_for(XDP_PASS), 12);
    return terminal.wait().out;
  }
  [[nodiscard]] std::string capture_for_a_while() const {
    return std::string(XDPCAP_CPP) + " --duration 2.5 " + hook_path_ + " " + file_;
  }
};

TEST_F(MessagesTest, ACaptureSaysWhatItListensOn) {
  const std::string line = "listening on " + hook_path_ + " \\(hook of program " +
                           std::to_string(program_info(program_.fd()).id) +
                           " \\([a-z_]+\\)\\), link-type EN10MB \\(Ethernet\\), snapshot length ";
  EXPECT_THAT(said_by({hook_path_, file_}),
              MatchesRegex(line + "262144 bytes, buffers [^\n]+\n0 packets captured\n[^$]*"));
  EXPECT_THAT(said_by({"-s", "96", "-w", "/dev/null", "-i", hook_path_}),
              MatchesRegex(line + "96 bytes, buffers [^\n]+\n[^$]*"));
  EXPECT_THAT(said_by({"--print", hook_path_, file_}), MatchesRegex(line + "[^$]*"));
  EXPECT_THAT(said_by({hook_path_, "-"}), MatchesRegex(line + "[^\n]*\n"));
  EXPECT_THAT(said_by({"-q", hook_path_, "-"}), IsEmpty());
  EXPECT_THAT(said_by({"--json", hook_path_, file_}), IsEmpty());
}

TEST_F(MessagesTest, WaitingSaysForWhatAndWhatIsThere) {
  const std::string typed = hook_path_.substr(0, hook_path_.size() - 1);
  Process waiting(tool({"--wait", typed, file_}));
  EXPECT_TRUE(eventually([&] { return !waiting.err().empty(); }));
  waiting.signal(SIGINT);
  EXPECT_EQ(waiting.wait().err, "waiting until a loaded XDP program uses a hook pinned at " +
                                    typed + "; there is " + hook_path_ + "\n");
}

TEST_F(MessagesTest, AListSaysWhyItHasNoHooks) {
  const std::string script =
      std::string("while umount /sys/fs/bpf; do :; done 2>/dev/null; exec ") + XDPCAP_CPP + " -D";
  const ProcessResult result = run({"unshare", "-m", "sh", "-c", script});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err,
              AllOf(HasSubstr("no hook is visible, as no BPF file system is mounted here; "),
                    EndsWith("\n")));
  EXPECT_THAT(result.out, Not(HasSubstr("/sys/fs/bpf")));
}

TEST_F(MessagesTest, ATerminalShowsActionsAndTheDisk) {
  const std::string out = on_terminal("stty cols 150; " + capture_for_a_while());
  EXPECT_THAT(out, HasSubstr("  lost 0  30 drop, 12 pass  "));
  EXPECT_THAT(out, HasSubstr("B in out.pcap  "));
  EXPECT_THAT(out, HasSubstr("B free"));
  EXPECT_THAT(out,
              HasSubstr("42 packets received by the hook\r\n  by action: 30 drop, 12 pass\r\n"));
}

TEST_F(MessagesTest, ANarrowTerminalShowsWhatFits) {
  const std::string out = on_terminal("stty cols 40; " + capture_for_a_while());
  EXPECT_THAT(out, HasSubstr("\r\x1b[Kreceived 42 ("));
  EXPECT_THAT(out, Not(HasSubstr("matched 42 (")));
}

TEST_F(MessagesTest, NothingIsDrawnFromTheBackground) {
  const std::string out = on_terminal("set -m; " + capture_for_a_while() + " & wait");
  EXPECT_THAT(out, Not(HasSubstr("\x1b[K")));
  EXPECT_THAT(out, HasSubstr("42 packets captured\r\n"));
}

}  // namespace
}  // namespace xdpcap::test
