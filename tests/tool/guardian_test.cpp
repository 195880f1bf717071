// SPDX-License-Identifier: BSD-3-Clause
// Captures that are killed: afterwards the hook is empty and the file is valid.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "support/capture_reader.hpp"
#include "support/environment.hpp"
#include "support/flood.hpp"
#include "support/kernel_knowledge.hpp"
#include "support/pcapng_file.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::IsEmpty;

TEST_F(GuardianTest, IsThereDuringACaptureOnly) {
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  EXPECT_EQ(::getsid(guardian()), guardian());
  // If memory runs out, the capture is killed before its guardian, if the kernel allows that.
  const std::string allowed =
      run({"sh", "-c", "echo -1000 >/proc/$$/oom_score_adj; cat /proc/$$/oom_score_adj"}).out;
  EXPECT_EQ(first_line("/proc/" + std::to_string(guardian()) + "/oom_score_adj"), allowed);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_THAT(guardians(), IsEmpty());
}

TEST_F(GuardianTest, WritesWhatAKilledCaptureHadInItsRings) {
  const Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGSTOP);  // so it cannot write the following packets itself
  for (std::uint32_t i = 0; i < 1000; ++i) program_.run(packet_for(i % 5, 60 + i));
  capture.signal(SIGKILL);
  expect_clean();
  const auto bytes = read_bytes(file_);
  ASSERT_EQ(bytes.size(), 1000U);
  for (std::uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(bytes[i], packet_for(i % 5, 60 + i)) << i;
  const PcapngFile file = read_pcapng(file_);
  expect_exact_accounts(file);
  EXPECT_EQ(file.total().received, 1000U);
  EXPECT_EQ(file.total().dropped, 0U);
  EXPECT_EQ(capinfos(file_, "Strict time order"), "True");
}

TEST_F(GuardianTest, CleansUpAfterACrash) {
  const Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGSEGV);
  expect_clean();
  expect_exact_accounts(read_pcapng(file_));
}

// As a job that is killed with all it has started.
TEST_F(GuardianTest, OutlivesItsProcessGroup) {
  std::vector<std::string> command = {"setsid", "--wait"};
  for (const std::string& word : tool({hook_path_, file_})) command.push_back(word);
  const Process job(command);
  ASSERT_TRUE(wait_until_live(job, file_)) << job.err();
  std::ifstream status("/proc/" + std::to_string(guardian()) + "/status");
  pid_t tool_pid = 0;
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("PPid:")) tool_pid = parse_number<pid_t>(trim(line.substr(5))).value();
  }
  ::kill(-::getpgid(tool_pid), SIGKILL);
  expect_clean();
  expect_exact_accounts(read_pcapng(file_));
}

TEST_F(GuardianTest, LeavesTheEndOfAPipeToItsReader) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const Process capture(tool({hook_path_, "-"}), writer.get());
  writer.reset();
  char buffer[65536];
  ASSERT_GT(::read(reader.get(), buffer, sizeof(buffer)), 0);
  const pid_t stopped = guardian();
  ::kill(stopped, SIGSTOP);  // it could not close the pipe now
  capture.signal(SIGKILL);
  EXPECT_EQ(::read(reader.get(), buffer, sizeof(buffer)), 0);
  ::kill(stopped, SIGCONT);
  expect_clean();
}

// Output to closed standard descriptors must not end up in the guardian's socket.
TEST_F(GuardianTest, KnowsItsWorkWithoutStandardDescriptors) {
  std::vector<std::string> command = {"sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"};
  for (const std::string& word : tool({"--json", hook_path_, file_})) command.push_back(word);
  const Process capture(command);
  ASSERT_TRUE(wait_until_live(capture, file_));
  program_.run(packet_for(XDP_DROP), 10);
  std::this_thread::sleep_for(milliseconds(1200));  // statistics have been printed
  capture.signal(SIGKILL);
  expect_clean();
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 10U);
  expect_exact_accounts(file);
}

TEST_F(GuardianTest, AClosedStdoutIsAnErrorAndNoSilentEnd) {
  std::vector<std::string> command = {"timeout", "10", "sh", "-c", "exec \"$@\" >&-", "sh"};
  for (const std::string& word : tool({hook_path_, "-"})) command.push_back(word);
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, ::testing::HasSubstr("Bad file descriptor"));
  expect_clean();
}

TEST_F(GuardianTest, IsReplacedWhenItIsKilled) {
  Process capture(tool({"-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const pid_t first = guardian();
  ::kill(first, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    return capture.err().find("the guardian was killed: started another") != std::string::npos;
  }));
  EXPECT_NE(guardian(), first);
  program_.run(packet_for(XDP_DROP));
  capture.signal(SIGKILL);
  expect_clean();
  EXPECT_EQ(read_pcapng(file_).packets, 1U);
}

// It keeps the descriptors that are open now, and none that reuses the number of an earlier one.
TEST_F(GuardianTest, IsReplacedInALaterFile) {
  const Process capture(tool({"-q", "-C", "1k", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (std::uint32_t i = 0; i < 20; ++i) program_.run(packet_for(XDP_DROP, 500));
  ASSERT_TRUE(eventually([&] { return names().size() > 5; }));
  const pid_t first = guardian();
  ::kill(first, SIGKILL);
  EXPECT_TRUE(eventually([&] {
    const std::vector<pid_t> all = guardians();
    return all.size() == 1 && all.front() != first;
  }));
  capture.signal(SIGKILL);
  expect_clean();
}

TEST_F(GuardianTest, AStoppedOneKeepsNobodyFromEnding) {
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  ::kill(guardian(), SIGSTOP);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  expect_clean();
}

// The next capture removes the recorders of one that was killed with its guardian.
TEST_F(GuardianTest, LeftOverRecordersAreReplaced) {
  if (!in_first_pid_namespace()) {
    GTEST_SKIP() << "in a PID namespace it is impossible to know that a recorder has no owner";
  }
  {
    Process capture(tool({hook_path_, file_}));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    ::kill(guardian(), SIGKILL);
    capture.signal(SIGKILL);
    capture.wait();
  }
  ASSERT_FALSE(hook_is_empty());
  Process next(tool({hook_path_, files_.path("next")}));
  ASSERT_TRUE(wait_until_live(next, files_.path("next"))) << next.err();
  next.signal(SIGINT);
  EXPECT_EQ(next.wait().exit_code, 0);
  EXPECT_TRUE(hook_is_empty());
}

// At random moments under full load, from the start of the process on. XDPCAP_KILLS sets how often,
// and has tshark and capinfos open each file, not only some.
TEST_F(GuardianTest, KilledAtAnyMomentTheFileIsWholeAndExact) {
  const auto asked = number_from_environment("XDPCAP_KILLS");
  const std::uint64_t kills = asked.value_or(40);
  const Flood flood(program_, {packet_for(XDP_DROP, 80), packet_for(XDP_PASS, 80)});
  std::mt19937 random(20260101);
  milliseconds slowest{0};
  std::uint64_t packets = 0;
  std::uint64_t begun = 0;
  for (std::uint64_t i = 0; i < kills; ++i) {
    std::filesystem::remove(file_);
    // With fates, blocks have another length in the file than in the rings.
    std::vector<std::string> options = {"-q", "-buffer", "262144", hook_path_, file_};
    if (i % 3 == 1) options.insert(options.begin(), "--fate");
    Process capture(tool(options));
    if (i % 4 != 0) {
      ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 60'000));
    capture.signal(SIGKILL);
    const auto killed = steady_clock::now();
    ASSERT_TRUE(eventually([&] { return hook_is_empty(); }));
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - killed);
    slowest = std::max(slowest, took);
    expect_clean();
    capture.wait();
    if (!std::filesystem::exists(file_)) continue;
    ++begun;
    const PcapngFile file = read_pcapng(file_);
    expect_exact_accounts(file);
    packets += file.packets;
    if (asked || i % 16 == 1) {
      EXPECT_EQ(capinfos(file_, "Strict time order"), "True");
      EXPECT_EQ(read_with_tshark(file_).size(), file.packets);
    }
    ASSERT_FALSE(HasFailure()) << "at kill " << i;
  }
  std::cout << kills << " kills, " << begun << " with a file begun, " << packets
            << " packets, hook empty after at most " << slowest.count() << " ms\n";
  EXPECT_GE(begun, kills / 2);
  EXPECT_GT(packets, 0U);
}

}  // namespace
}  // namespace xdpcap::test
