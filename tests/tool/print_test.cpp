// SPDX-License-Identifier: BSD-3-Clause
// --print: packets on the terminal, in parallel with the capture.
#include <gmock/gmock.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "process/pipe.hpp"
#include "tool/habits_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

class PrintTest : public HabitsTest {};

// The time is tcpdump's; the test's packets have unknown types, so hex lines follow.
TEST_F(PrintTest, PrintPutsTheActionInFrontOfTcpdumpsLines) {
  Process capture(tool({"--print", "-nn", "-c", "10", "-b", "packets:4", hook_path_, file_}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  for (std::uint32_t i = 0; i < 10; ++i) program_.run(packet_for(i % 5, 60 + i));
  const ProcessResult result = capture.wait();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> packets;
  std::vector<std::string> others;
  for (const std::string& line : lines_of(result.out)) {
    (line.starts_with(' ') ? others : packets).push_back(line);
  }
  ASSERT_THAT(packets, SizeIs(10)) << result.out;
  const std::vector<std::string> actions = {"aborted ", "drop ", "pass ", "tx ", "redirect "};
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_THAT(packets[i], AllOf(StartsWith(actions[i % 5]),
                                  HasSubstr("length " + std::to_string(60 + i) + ":")));
  }
  EXPECT_THAT(others, Each(ContainsRegex("^ {9}\t0x[0-9a-f]+: ")));
  EXPECT_THAT(names(), SizeIs(3));
  EXPECT_EQ(parse_summary(result.err).captured, 10U);
}

TEST_F(PrintTest, PrintPutsTheCommentAfterThem) {
  Process capture(tool({"--print", "--ingress", "-c", "2", hook_path_, file_}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_DROP), 2);
  const ProcessResult result = capture.wait();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const std::vector<std::string> lines = lines_of(result.out);
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) {
                            return line.starts_with("drop ") && line.ends_with("  ingress=1");
                          }),
            2)
      << result.out;
}

TEST_F(PrintTest, PrintShowsAPacketAtOnce) {
  Process capture(tool({"--print", hook_path_, "/dev/null"}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_TX));
  EXPECT_TRUE(eventually([&] { return capture.out().starts_with("tx       "); }));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
}

// The file has all packets; those that arrive too fast are not printed, which is reported.
TEST_F(PrintTest, PrintNeverHoldsTheCaptureUp) {
  (void)make_program("tcpdump", "head -c 1000 >/dev/null; sleep 1; cat >/dev/null");
  Process capture(tool_with_programs({"--print", "-c", "20000", hook_path_, file_}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  for (int i = 0; i < 40; ++i) {
    program_.run(packet_for(XDP_DROP, 1000), 500);
    std::this_thread::sleep_for(milliseconds(10));
  }
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(read_pcapng(file_).packets, 20'000U);
  EXPECT_THAT(
      result.err,
      ContainsRegex("--print: 20000 of 20000 packets were not printed: [0-9]+ came too fast"));
}

// As tcpdump does, and as `- | head` does.
TEST_F(PrintTest, PrintEndsWithItsReader) {
  Pipe pipe = make_pipe(true);
  Process capture(tool({"--print", "-vX", hook_path_, file_}), pipe.write_end.get());
  pipe.write_end.reset();
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP));
  std::array<char, 1000> line{};
  ASSERT_GT(::read(pipe.read_end.get(), line.data(), line.size()), 0);
  capture.signal(SIGSTOP);
  program_.run(packet_for(XDP_PASS), 5);
  pipe.read_end.reset();
  capture.signal(SIGCONT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err,
              HasSubstr("--print: 5 of 6 packets were not printed: the reader is gone"));
  EXPECT_EQ(read_pcapng(file_).packets, 6U);
  EXPECT_THAT(read_pcapng(file_).statistics, SizeIs(5));
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(PrintTest, PrintEndsWithItsReaderThoughNoPacketComes) {
  const std::string command =
      std::string(XDPCAP_CPP) + " --print " + hook_path_ + " /dev/null | sleep 0.1";
  Process pipeline({"bash", "-o", "pipefail", "-c", command});
  EXPECT_EQ(pipeline.wait().exit_code, 0) << pipeline.err();
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(PrintTest, TheFileGoesOnWhenTheProgramThatPrintsDies) {
  (void)make_program("tcpdump", "head -c 100 >/dev/null; kill -9 $$");
  Process capture(tool_with_programs({"--print", hook_path_, file_}));
  ASSERT_TRUE(eventually([&] {
    return capture.err().find("tcpdump was killed by signal 9") != std::string::npos;
  })) << capture.err();
  program_.run(packet_for(XDP_DROP), 3);
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(
      result.err,
      HasSubstr("--print: 3 of 3 packets were not printed: the program that prints failed"));
  EXPECT_EQ(read_pcapng(file_).packets, 3U);
}

TEST_F(PrintTest, NothingGoesOnWhenPrintingIsAllThatWasAskedFor) {
  (void)make_program("tcpdump", "exit 7");
  Process capture(tool_with_programs({"--print", hook_path_, "/dev/null"}));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("tcpdump ended with exit code 7"));
  EXPECT_TRUE(hook_is_empty());
}

}  // namespace
}  // namespace xdpcap::test
