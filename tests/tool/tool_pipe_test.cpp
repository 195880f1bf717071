// SPDX-License-Identifier: BSD-3-Clause
// Captures into a pipe: live, idle, and with readers that close it or stall.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class ToolPipeTest : public ToolTest {
 protected:
  ToolPipeTest() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("making a pipe", errno);
    reader_ = UniqueFd(ends[0]);
    writer_ = UniqueFd(ends[1]);
  }

  // Reads what is there; waits for the first byte.
  std::size_t read_some() {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::read(reader_.get(), buffer.data(), buffer.size());
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  UniqueFd reader_;
  UniqueFd writer_;
};

// The median, because anything can hold a single packet up on a machine that others use too.
TEST_F(ToolPipeTest, APacketIsThereWithin100Milliseconds) {
  const Process capture(tool({hook_path_, "-"}), writer_.get());
  ASSERT_GT(read_some(), 0U);  // the header
  std::vector<steady_clock::duration> delays;
  for (const int pause : {0, 300, 0, 20, 700}) {
    std::this_thread::sleep_for(milliseconds(pause));
    const auto sent = steady_clock::now();
    program_.run(packet_for(XDP_DROP));
    ASSERT_GT(read_some(), 0U);
    delays.push_back(steady_clock::now() - sent);
  }
  std::sort(delays.begin(), delays.end());
  EXPECT_LT(delays[delays.size() / 2], milliseconds(100));
}

TEST_F(ToolPipeTest, AnIdleCaptureSleeps) {
  Process capture(tool({hook_path_, "-"}), writer_.get());
  ASSERT_GT(read_some(), 0U);
  std::this_thread::sleep_for(milliseconds(2000));
  capture.signal(SIGINT);
  rusage before{};
  ::getrusage(RUSAGE_CHILDREN, &before);
  EXPECT_EQ(capture.wait().exit_code, 0);
  rusage after{};
  ::getrusage(RUSAGE_CHILDREN, &after);
  // 1 % of two seconds, and what starting and stopping may cost.
  const auto used = [](const rusage& usage) {
    return usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec;
  };
  EXPECT_LT(used(after) - used(before), 20'000 + 100'000);
}

TEST_F(ToolPipeTest, AReaderThatGoesEndsItQuietly) {
  Process capture(tool({hook_path_, "-"}), writer_.get());
  writer_.reset();
  ASSERT_GT(read_some(), 0U);
  reader_.reset();
  program_.run(packet_for(XDP_DROP));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, MatchesRegex("listening on " + hook_path_ + " [^\n]+\n"));
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(ToolPipeTest, AReaderThatIsStuckKeepsNobodyFromStopping) {
  Process capture(tool({hook_path_, "-"}), writer_.get());
  ASSERT_GT(read_some(), 0U);
  for (int i = 0; i < 2000; ++i) program_.run(packet_for(XDP_DROP, 1500));
  capture.signal(SIGINT);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("writing to stdout: its reader is stuck"));
}

}  // namespace
}  // namespace xdpcap::test
