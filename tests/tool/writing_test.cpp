// SPDX-License-Identifier: BSD-3-Clause
// Outputs that fail: the hook is not blocked, losses are counted, the error names the file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "support/capture_reader.hpp"
#include "support/pcapng_file.hpp"
#include "support/small_disk.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAreArray;

class WritingTest : public ToolTest {
 protected:
  void expect_error(const std::vector<std::string>& arguments, const std::string& words) const {
    const ProcessResult result = run(tool(arguments));
    EXPECT_EQ(result.exit_code, 2) << result.err;
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_TRUE(hook_is_empty());
  }
  // A capture into which strace injects errors and signals. LeakSanitizer would be a second tracer.
  [[nodiscard]] std::vector<std::string> with_strace(
      const std::string& what, const std::vector<std::string>& options = {}) const {
    std::vector<std::string> command = {
        "strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
        "-e",     what};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {XDPCAP_CPP, hook_path_, file_});
    return command;
  }
  // Whole, and with the statistics of all actions.
  static bool is_complete(const std::string& path) {
    const auto file = read_growing_pcapng(path);
    return file && file->statistics.size() == 5;
  }
  // By everything that reads such files.
  static void expect_readable(const std::string& path, std::uint64_t packets) {
    EXPECT_EQ(read_pcapng(path).packets, packets);
    EXPECT_EQ(read_bytes(path).size(), packets);
    EXPECT_EQ(read_with_tshark(path).size(), packets);
    EXPECT_EQ(capinfos(path, "Strict time order"), "True");
  }
};

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

// In a folder like /tmp, what others have put there is not written to.
class PlantedTest : public WritingTest {
 protected:
  PlantedTest() {
    std::filesystem::create_directory(shared_);
    ::chmod(shared_.c_str(), 01777);
    write_file(target_, {});
  }
  static constexpr uid_t kSomebody = 12345;
  static bool is_growing(const std::string& path) {
    return std::filesystem::exists(path) && std::filesystem::file_size(path) > 0;
  }
  // In the shared folder.
  void expect_only(const std::vector<std::string>& names) const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(shared_)) {
      found.push_back(entry.path().filename());
    }
    EXPECT_THAT(found, UnorderedElementsAreArray(names));
  }
  std::string shared_ = files_.path("shared");
  std::string target_ = files_.path("target");
  std::string planted_ = shared_ + "/out.pcap";
};

TEST_F(PlantedTest, ALinkOfSomebodyElseIsNotFollowed) {
  std::filesystem::create_symlink(target_, planted_);
  ASSERT_EQ(::lchown(planted_.c_str(), kSomebody, kSomebody), 0);
  expect_error({hook_path_, planted_}, "it is a symbolic link that user 12345 has put into");
  EXPECT_EQ(std::filesystem::file_size(target_), 0U);
}

TEST_F(PlantedTest, ALinkOfOurOwnIs) {
  std::filesystem::create_symlink(target_, planted_);
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, target_)) << capture.err();
}

TEST_F(PlantedTest, AFileOrFifoOfSomebodyElseIsNotWritten) {
  write_file(planted_, {});
  ASSERT_EQ(::chown(planted_.c_str(), kSomebody, kSomebody), 0);
  expect_error({hook_path_, planted_}, "it is a file that user 12345 has put into");
  ASSERT_EQ(::chmod(shared_.c_str(), 0755), 0);  // here, no other user can have put it there
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, planted_)) << capture.err();
}

TEST_F(PlantedTest, AHardLinkIsNotWritten) {
  std::filesystem::create_hard_link(target_, planted_);  // to a file that is our own
  expect_error({hook_path_, planted_}, "it is a hard link to a file with another name");
  ASSERT_EQ(::chmod(shared_.c_str(), 0755), 0);
  const Process capture(tool({hook_path_, planted_}));
  EXPECT_TRUE(wait_until_live(capture, planted_)) << capture.err();
}

// A file at a predictable name must not end a capture in several files.
TEST_F(PlantedTest, AFileInTheWayOfTheNextIsNotInTheWay) {
  for (const char* name : {"/.out.pcap1.next", "/out.pcap1"}) {
    write_file(shared_ + name, {});
    ASSERT_EQ(::chown((shared_ + name).c_str(), kSomebody, kSomebody), 0);
  }
  Process capture(tool({"-C", "1k", hook_path_, planted_}));
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  for (int i = 0; i < 2; ++i) program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_TRUE(eventually([&] { return is_growing(shared_ + "/out.pcap2"); })) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  expect_readable(shared_ + "/out.pcap1", 1);
  expect_only({".out.pcap1.next", "out.pcap", "out.pcap1", "out.pcap2"});
}

TEST_F(PlantedTest, AFolderThatIsSwappedRedirectsNothing) {
  const std::string other = files_.path("other");
  std::filesystem::create_directory(other);
  Process capture(tool({"-C", "1k", hook_path_, planted_}));
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  std::filesystem::rename(shared_, files_.path("moved"));
  std::filesystem::create_symlink(other, shared_);
  program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_TRUE(eventually([&] { return is_growing(files_.path("moved/out.pcap1")); }));
  capture.signal(SIGKILL);
  capture.wait();
  EXPECT_TRUE(eventually([&] { return is_complete(files_.path("moved/out.pcap1")); }));
  expect_readable(files_.path("moved/out.pcap"), 1);
  EXPECT_TRUE(std::filesystem::is_empty(other));
}

// As on NFS: the kernel refuses each second opening in the folder, which asks for such a file.
TEST_F(PlantedTest, FileSystemsWithoutUnnamedFiles) {
  Process capture({"strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
                   "-P", shared_, "-e", "inject=openat:error=EOPNOTSUPP:when=1+2", XDPCAP_CPP, "-C",
                   "1k", "-c", "3", hook_path_, planted_});
  ASSERT_TRUE(wait_until_live(capture, planted_)) << capture.err();
  for (int i = 0; i < 3; ++i) program_.run(packet_for(XDP_DROP, 1200));
  EXPECT_EQ(capture.wait().exit_code, 0);
  const std::string trace = read_file(files_.path("trace"));
  EXPECT_THAT(trace,
              HasSubstr("O_TMPFILE, 0600) = -1 EOPNOTSUPP (Operation not supported) (INJECTED"));
  EXPECT_THAT(trace, Not(ContainsRegex("O_TMPFILE, 0600) = [0-9]")));
  expect_only({"out.pcap", "out.pcap1", "out.pcap2"});
}

TEST_F(PlantedTest, TheUmaskMayTakeMoreAway) {
  const Process capture(
      {"sh", "-c", "umask 0277; exec \"$@\"", "sh", XDPCAP_CPP, hook_path_, file_});
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  EXPECT_EQ(std::filesystem::status(file_).permissions(), std::filesystem::perms::owner_read);
}

}  // namespace
}  // namespace xdpcap::test
