// SPDX-License-Identifier: BSD-3-Clause
// The live view (--top) on terminals of several sizes, which pyte emulates.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "support/lab_fixture.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// What a user sees who does `steps` (see the program).
std::vector<std::string> on_terminal(const std::vector<std::string>& steps,
                                     const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {SOURCE_FOLDER "/tests/tool/terminal"};
  command.insert(command.end(), steps.begin(), steps.end());
  command.emplace_back("--");
  for (const std::string& word : tool(arguments)) command.push_back(word);
  return command;
}

constexpr const char* kRestored = "screen main\necho on\ncolours\n";

class TopTest : public GuardianTest {
 protected:
  // Three drops and two passes, once the view counts.
  void send() {
    ASSERT_TRUE(eventually([this] { return hook_is_filled(); }));
    program_.run(packet_for(XDP_DROP), 3);
    program_.run(packet_for(XDP_PASS), 2);
  }
};

TEST_F(TopTest, FilterNeedsSourcesBeforeIt) {
  const ProcessResult result =
      run(on_terminal({"300x24", "end", "show"}, {"--top", hook_path_, "icmp6", "or", "arp"}));
  EXPECT_THAT(result.out,
              HasSubstr("opening the interface icmp6: there is no interface of this name; ip link "
                        "shows the interfaces; for a filter, name sources with -i: --top -i " +
                        hook_path_ + " icmp6 or arp"));
  expect_clean();
}

TEST_F(TopTest, CountsWhatIsSent) {
  Process view(
      on_terminal({"80x24", "until=5 packets", "show", "keys=q", "end"}, {"--top", hook_path_}));
  send();
  const ProcessResult result = view.wait();
  EXPECT_THAT(result.out,
              AllOf(StartsWith("1 source, 5 packets"),
                    ContainsRegex("\n" + hook_path_.substr(0, 30) + "[^\n]* 5 "),
                    ContainsRegex("\n  drop  *3 "), ContainsRegex("\n  pass  *2 "),
                    HasSubstr("\nq quit  p pause"), EndsWith(std::string("exit 0\n") + kRestored)))
      << result.err;
  expect_clean();
}

TEST_F(TopTest, InEverySizeOfTheTerminal) {
  Process view(
      on_terminal({"200x50", "until=5 packets", "show", "size=40x10", "until=RATE", "until=q quit",
                   "show", "size=80x24", "until=LAST", "show", "keys=q", "end"},
                  {"--top", "-i", hook_path_, "len <= 60"}));
  send();
  const ProcessResult result = view.wait();
  const auto lines = split(result.out, '\n');
  ASSERT_GT(lines.size(), 50U + 10 + 24) << result.out << result.err;
  EXPECT_THAT(lines[0], HasSubstr("5 packets that match \"len <= 60\""));
  EXPECT_THAT(lines[49], HasSubstr("q quit"));
  EXPECT_THAT(lines[51], StartsWith("1 source, 5 packets that"));
  EXPECT_THAT(lines[60], HasSubstr("q quit"));
  EXPECT_THAT(lines[62], StartsWith("1 source, 5 packets that"));
  EXPECT_THAT(lines[85], HasSubstr("q quit"));
}

TEST_F(TopTest, WithoutColours) {
  ::setenv("NO_COLOR", "1", 1);
  Process view(on_terminal({"80x24", "until=5 packets", "keys=q", "end"}, {"--top", hook_path_}));
  ::unsetenv("NO_COLOR");
  send();
  EXPECT_THAT(view.wait().out, EndsWith("\nno colours\n"));
}

TEST_F(TopTest, IsKilled) {
  Process view(on_terminal({"80x24", "until=5 packets", "signal=9", "end"}, {"--top", hook_path_}));
  send();
  EXPECT_EQ(view.wait().out, std::string("exit -9\n") + kRestored);
  expect_clean();
}

TEST_F(TopTest, IsInterrupted) {
  Process view(on_terminal({"80x24", "until=5 packets", "signal=2", "end"}, {"--top", hook_path_}));
  send();
  const ProcessResult result = view.wait();
  EXPECT_EQ(result.out, std::string("exit 0\n") + kRestored) << result.err;
  expect_clean();
}

TEST_F(TopTest, IsSuspendedAndContinued) {
  const std::string stop = "signal=" + std::to_string(SIGTSTP);
  const std::string go_on = "signal=" + std::to_string(SIGCONT);
  Process view(on_terminal({"80x24", "until=5 packets", stop, "stopped", "main", go_on, "alternate",
                            "until=5 packets", "keys=q", "end"},
                           {"--top", hook_path_}));
  send();
  const ProcessResult result = view.wait();
  EXPECT_EQ(result.out, std::string("exit 0\n") + kRestored) << result.err;
}

// What is typed meanwhile is for the shell.
TEST_F(TopTest, IsStartedInTheBackground) {
  const std::string start = std::string(XDPCAP_CPP) + " --top " + hook_path_ + " &\n";
  const std::string terminal = SOURCE_FOLDER "/tests/tool/terminal";
  Process view({terminal, "80x24", "keys=" + start, "until=[1]", "keys=sleep 1; echo a\n",
                "keys=echo b\n", "until=\nb", "keys=fg\n", "alternate", "until=5 packets", "keys=q",
                "main", "keys=exit\n", "end", "--", "bash", "--norc", "-i"});
  send();
  const ProcessResult result = view.wait();
  EXPECT_THAT(result.out, StartsWith("exit 0\nscreen main\n")) << result.err;
  expect_clean();
}

TEST_F(TopTest, IntoAPipeIsTextAndEndsWithItsReader) {
  Process view({"sh", "-c", "\"$0\" --top \"$1\" | grep -m 1 -B 2 -A 3 '5 packets'", XDPCAP_CPP,
                hook_path_});
  send();
  const ProcessResult result = view.wait();
  EXPECT_THAT(result.out, AllOf(HasSubstr("1 source, 5 packets"), Not(HasSubstr("\x1b"))))
      << result.err;
  expect_clean();
}

TEST_F(TopTest, RefusesWhatItDoesNotDo) {
  const ProcessResult written = run(tool({"--top", "-w", file_, hook_path_}));
  EXPECT_EQ(written.exit_code, 1);
  EXPECT_THAT(written.err, HasSubstr("--top: packets are only counted"));
  const ProcessResult unknown = run(tool({"--top", "/sys/fs/bpf/none"}));
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("/sys/fs/bpf/none"));
}

// Of other tests, too, if they ran at the same time.
class TopOfHost : public LabFixture {
 protected:
  TopOfHost() {
    load(BPF_OBJECTS "/lab.o");
    pins_.pin(map("hook"), "hook");
  }
};

TEST_F(TopOfHost, NamedInterfaceIsGoneWithItsProgram) {
  attach(middle_, "m0", program("by_first_byte"));
  const std::string m0 = "m0@" + middle_.name();
  Process view(on_terminal({"120x50", "until=0 packets", "until= gone ", "show", "keys=q", "end"},
                           {"--top", m0}));
  constexpr std::uint32_t kSlots = 5;
  ASSERT_TRUE(eventually([&] { return filled_slots(pins_.path("hook")) == kSlots; }));
  middle_.run({"ip", "link", "set", "dev", "m0", "xdp", "off"});
  const ProcessResult result = view.wait();
  EXPECT_THAT(result.out, ContainsRegex("\n" + m0 + "[^\n]* 0 +gone")) << result.err;
}

TEST_F(TopOfHost, FindsProgramsThatCome) {
  attach(middle_, "m0", program("by_first_byte"));
  const std::string m0 = "m0@" + middle_.name();
  const std::string r0 = "r0@" + right_.name();
  Process view(
      on_terminal({"120x50", "until=" + m0, "until=" + r0, "show", "keys=q", "end"}, {"--top"}));
  constexpr std::uint32_t kSlots = 5;
  ASSERT_TRUE(eventually([&] { return filled_slots(pins_.path("hook")) == kSlots; }));
  // The kernel patches jumps a moment after a slot reads as filled.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  for (unsigned i = 0; i < 7; ++i) from_left_->send(test_frame(XDP_DROP, i));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  attach(right_, "r0", program("pass"));
  const ProcessResult result = view.wait();
  EXPECT_THAT(result.out, ContainsRegex("\n" + m0 + "[^\n]* [0-9]+ [^\n]*\n  drop  *7 "))
      << result.err;
}

}  // namespace
}  // namespace xdpcap::test
