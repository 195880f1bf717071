// SPDX-License-Identifier: BSD-3-Clause
// Outputs that fail: the hook is not blocked, losses are counted, the error names the file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "support/small_disk.hpp"
#include "tool/writing_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST_F(WritingTest, AFullDiskEndsTheCaptureWithAWholeFile) {
  const SmallDisk disk(files_.path("disk"));
  const std::string file = disk.file("out.pcap");
  Process capture(tool({hook_path_, file}));
  ASSERT_TRUE(wait_until_live(capture, file)) << capture.err();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(program_.run(packet_for(XDP_DROP, 1500)), std::uint32_t{XDP_DROP});
  }
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("writing to " + file + ": No space left on device"));
  EXPECT_TRUE(hook_is_empty());
  const Summary summary = parse_summary(result.err);
  EXPECT_GT(summary.captured, 100U);
  EXPECT_GT(summary.lost, 0U);
  EXPECT_EQ(summary.matched, summary.captured + summary.lost);
  expect_readable(file, summary.captured);
}

// EDQUOT for a quota and EIO for a broken disk, instead of ENOSPC; injected by strace, for the
// thread that writes.
TEST_F(WritingTest, QuotaAndBrokenDisksAreTold) {
  for (const auto& [error, text] :
       {std::pair{"EDQUOT", "Disk quota exceeded"}, std::pair{"EIO", "Input/output error"}}) {
    Process capture(
        with_strace(std::string("inject=pwrite64:error=") + error + ":when=2+", {"-f"}));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    program_.run(packet_for(XDP_DROP), 10);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, HasSubstr("writing to " + file_ + ": " + text));
    EXPECT_EQ(parse_summary(result.err).lost, 10U);
    expect_readable(file_, 0);
    EXPECT_TRUE(hook_is_empty());
    std::filesystem::remove(file_);
  }
}

TEST_F(WritingTest, AReadOnlyDisk) {
  const SmallDisk disk(files_.path("disk"));
  disk.make_read_only();
  expect_error({hook_path_, disk.file("out")},
               "opening the output " + disk.file("out") + ": Read-only file system");
}

// Root may write to any file except immutable ones.
TEST_F(WritingTest, AReadOnlyFile) {
  write_file(file_, {});
  ASSERT_EQ(::chmod(file_.c_str(), 0400), 0);
  std::vector<std::string> command = {"setpriv", "--bounding-set=-dac_override", "--inh-caps=-all",
                                      "--"};
  const auto words = tool({hook_path_, file_});
  command.insert(command.end(), words.begin(), words.end());
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("opening the output " + file_ + ": Permission denied"));
  EXPECT_TRUE(hook_is_empty());
}

// A file gets its name only once it is a capture, if the file system supports that.
TEST_F(WritingTest, NothingIsLeftOfACaptureThatDidNotBegin) {
  run(with_strace("inject=bpf:signal=KILL:when=8"));  // the maps are made, the file is opened
  EXPECT_TRUE(hook_is_empty());
  EXPECT_FALSE(std::filesystem::exists(file_));

  run(with_strace("inject=linkat:signal=KILL"));
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
  // Killed right after the file got its name: the guardian gives it what makes it a capture.
  EXPECT_TRUE(eventually([&] { return is_complete(file_); }));
  expect_readable(file_, 0);
}

// A stopped terminal, or an idle pager.
TEST_F(WritingTest, StatisticsThatNobodyReadsKeepNothingUp) {
  const std::string fifo = files_.path("stderr");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const UniqueFd stuck(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  const std::string page(4096, '.');
  while (::write(stuck.get(), page.data(), page.size()) > 0) continue;
  Process capture({"sh", "-c", "exec \"$@\" 2>" + fifo, "sh", XDPCAP_CPP, hook_path_, file_});
  ASSERT_TRUE(wait_until_live(capture, file_));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // past the first statistics
  program_.run(packet_for(XDP_DROP), 10);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  expect_readable(file_, 10);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(WritingTest, AFifoIsWaitedForAndThenRead) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  Process capture(tool({"-q", hook_path_, file_}));
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(hook_is_empty());  // it has not begun
  Process reader({"cat", file_});
  EXPECT_TRUE(eventually([&] { return !reader.out().empty(); }));
  program_.run(packet_for(XDP_DROP), 10);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(reader.wait().exit_code, 0);
  const std::string out = reader.out();
  write_file(files_.path("copy"), std::as_bytes(std::span(out)));
  EXPECT_EQ(read_pcapng(files_.path("copy")).packets, 10U);
}

TEST_F(WritingTest, WaitingForAReaderCanBeStopped) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  Process capture(tool({hook_path_, file_}));
  ASSERT_TRUE(wait_until_stoppable(capture)) << capture.err();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_TRUE(std::filesystem::is_fifo(file_));
}

TEST_F(WritingTest, ASlowReaderCostsPacketsButNotTheTraffic) {
  ASSERT_EQ(::mkfifo(file_.c_str(), 0600), 0);
  const UniqueFd reader(::open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Process capture(tool({"-buffer", "65536", hook_path_, file_}));
  EXPECT_TRUE(eventually([&] { return hook_is_filled(); }));
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(program_.run(packet_for(XDP_TX, 1500)), std::uint32_t{XDP_TX});
  }
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("writing to " + file_ + ": its reader is stuck"));
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.matched, 2000U);
  EXPECT_EQ(summary.lost, 2000 - summary.captured);
  EXPECT_GT(summary.lost, 1000U);
}

}  // namespace
}  // namespace xdpcap::test
