// SPDX-License-Identifier: BSD-3-Clause
// Captures into files on a disk, at a high rate.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "output/disk_writer.hpp"
#include "support/capture_reader.hpp"
#include "support/flood.hpp"
#include "support/memory_group.hpp"
#include "support/page_cache.hpp"
#include "support/pcapng_file.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

constexpr std::uint64_t kMB = 1'000'000;

class DiskTest : public GuardianTest {
 protected:
  void SetUp() override {
    const UniqueFd fd(::open(disk_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!DiskWriter::suits(fd.get())) GTEST_SKIP() << "the build folder is not on a disk";
  }
  // Until the file has this size.
  void flood(const std::string& path, std::uint64_t bytes) const {
    const Flood flood(program_, {packet_for(XDP_DROP, 1000), packet_for(XDP_PASS, 1400)});
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(path) >= bytes; }));
  }
  // The capture that strace runs.
  static pid_t child_of(const Process& strace) {
    const std::string pid = std::to_string(strace.pid());
    std::ifstream children("/proc/" + pid + "/task/" + pid + "/children");
    pid_t child = 0;
    children >> child;
    return child;
  }
  // By everything that reads such files.
  static PcapngFile expect_readable(const std::string& path) {
    PcapngFile file = read_pcapng(path);
    expect_exact_accounts(file);
    EXPECT_EQ(read_with_tshark(path).size(), file.packets);
    EXPECT_EQ(capinfos(path, "Strict time order"), "True");
    return file;
  }

  TemporaryFolder disk_{build_folder()};
  std::string path_ = disk_.path("out.pcap");
};

TEST_F(DiskTest, KilledWhileItWritesManyChunks) {
  Process capture(tool({"-q", hook_path_, path_}));
  ASSERT_TRUE(wait_until_live(capture, path_)) << capture.err();
  {
    const Flood flood(program_, {packet_for(XDP_DROP, 1000), packet_for(XDP_PASS, 1400)});
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(path_) >= 150 * kMB; }));
    capture.signal(SIGKILL);
    capture.wait();
  }
  expect_clean();
  EXPECT_GE(std::filesystem::file_size(path_), 150 * kMB);
  EXPECT_GT(expect_readable(path_).packets, 100'000U);
}

// `- > file`, and then `>> file`: whoever shares the open file continues after the capture. What
// was in the file before is no multiple of a word.
TEST_F(DiskTest, StdoutIsAFileThatOthersWriteToo) {
  for (const std::string how : {">", ">>"}) {
    std::string script = "exec 3" + how + path_ + R"(; "$@" >&3; echo end >&3)";
    if (how == ">>") script = "echo before >" + path_ + "; " + script;
    Process capture({"sh", "-c", script, "sh", XDPCAP_CPP, "-c", "20000", "-q", hook_path_, "-"});
    ASSERT_TRUE(eventually([&] { return hook_is_filled(); })) << capture.err();
    program_.run(packet_for(XDP_TX), 10);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    const Flood flood(program_, {packet_for(XDP_TX, 1400)});
    EXPECT_EQ(capture.wait().exit_code, 0) << capture.err();
    std::string bytes = read_file(path_);
    ASSERT_TRUE(bytes.ends_with("end\n"));
    bytes.resize(bytes.size() - 4);
    if (how == ">>") {
      ASSERT_TRUE(bytes.starts_with("before\n"));
      bytes.erase(0, 7);
    }
    write_file(file_, std::as_bytes(std::span(bytes)));
    EXPECT_EQ(expect_readable(file_).packets, 20'000U);
  }
}

// The first file is truncated, and the next one replaces another, while the capture runs.
TEST_F(DiskTest, LargeFilesAreOverwritten) {
  constexpr std::size_t kLarge = 40'000'000;
  constexpr unsigned kPackets = 1500;
  for (const char* number : {"", "1"}) {
    write_file(path_ + number, std::vector<std::byte>(kLarge, std::byte{1}));
  }
  Process capture(tool({"-C", "1", hook_path_, path_}));
  ASSERT_TRUE(eventually([&] { return hook_is_filled(); })) << capture.err();
  program_.run(packet_for(XDP_DROP, 1000), kPackets);
  capture.signal(SIGINT);
  EXPECT_EQ(parse_summary(capture.wait().err).captured, kPackets) << capture.err();
  EXPECT_EQ(expect_readable(path_).packets + expect_readable(path_ + "1").packets, kPackets);
}

TEST_F(DiskTest, KilledBeforeALargeFileIsTruncated) {
  constexpr std::size_t kLarge = 40'000'000;
  write_file(path_, std::vector<std::byte>(kLarge, std::byte{1}));
  Process strace({"strace", "-f", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0",
                  "-e", "inject=ftruncate:delay_enter=300000", XDPCAP_CPP, hook_path_, path_});
  ASSERT_TRUE(eventually([&] { return hook_is_filled(); })) << strace.err();
  program_.run(packet_for(XDP_DROP, 1000), 10);
  ASSERT_EQ(::kill(child_of(strace), SIGKILL), 0);
  strace.wait();
  expect_clean();
  EXPECT_EQ(expect_readable(path_).packets, 10U);
}

// Two files, of 1 MB each, on a disk that is slow or broken: strace delays or breaks a write.
class SlowDiskTest : public DiskTest {
 protected:
  static constexpr unsigned kPackets = 1200;  // of 1500 bytes: less than 2 MB

  void start(const std::string& fault) {
    capture_.emplace(std::vector<std::string>{
        "strace", "-f", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0", "-e",
        "inject=pwrite64:" + fault, XDPCAP_CPP, "-C", "1", "-buffer", "262144", hook_path_, path_});
    ASSERT_TRUE(wait_until_live(*capture_, path_)) << capture_->err();
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(path_) > 0; }));
  }
  // The rings hold a tenth of them.
  void send() const {
    for (unsigned i = 0; i < kPackets; ++i) {
      program_.run(packet_for(XDP_DROP, 1500));
      if (i % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  // Each file is whole and has its own account.
  [[nodiscard]] PcapngFile::Statistics total() const {
    PcapngFile sum;
    for (const std::string& path : {path_, path_ + "1"}) {
      sum.statistics.push_back(expect_readable(path).total());
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(disk_.path("")), {}), 2);
    return sum.total();
  }

  std::optional<Process> capture_;
};

TEST_F(SlowDiskTest, TheNextFileDoesNotWaitForTheOneBefore) {
  start("delay_enter=500000");
  send();
  ASSERT_EQ(::kill(child_of(*capture_), SIGINT), 0);
  const ProcessResult result = capture_->wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_summary(result.err).captured, kPackets) << result.err;
  EXPECT_EQ(total().delivered, kPackets);
}

TEST_F(SlowDiskTest, KilledWhileTwoFilesAreWritten) {
  start("delay_enter=1000000");
  send();
  ASSERT_EQ(::kill(child_of(*capture_), SIGKILL), 0);
  capture_->wait();
  expect_clean();
  EXPECT_EQ(total().delivered, kPackets);
}

// The next file accounts for what the one before has lost.
TEST_F(SlowDiskTest, AFileThatFailsWhenTheNextHasBegun) {
  start("error=EIO:delay_enter=500000:when=2");
  send();
  const ProcessResult result = capture_->wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, ::testing::HasSubstr("writing to " + path_ + ": Input/output error"));
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.matched, kPackets);
  EXPECT_EQ(summary.matched, summary.captured + summary.lost);
  EXPECT_GT(summary.lost, kPackets / 2);
  const auto next = read_pcapng(path_ + "1").total();
  EXPECT_EQ(next.delivered, summary.captured);
  EXPECT_EQ(next.dropped, summary.lost);
  EXPECT_EQ(read_pcapng(path_).packets, 0U);
}

// At a second signal, the capture does not wait for a disk that is stuck. The guardian writes the
// rest.
class StuckDiskTest : public SlowDiskTest {
 protected:
  static constexpr std::chrono::milliseconds kAtOnce{1000};  // the disk is stuck for longer

  // Its writing thread ends when the kernel, or here strace, lets go of it.
  static bool has_ended(pid_t process) {
    const std::string status = read_file("/proc/" + std::to_string(process) + "/status");
    return status.empty() || status.find("State:\tZ") != std::string::npos;
  }

  void interrupt_twice() {
    const pid_t capture = child_of(*capture_);
    ASSERT_EQ(::kill(capture, SIGINT), 0);
    ASSERT_TRUE(eventually([&] { return hook_is_empty(); }));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until it waits for the disk
    ASSERT_FALSE(has_ended(capture)) << "it has not waited";
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(::kill(capture, SIGINT), 0);
    EXPECT_TRUE(eventually([&] { return has_ended(capture); }));
    EXPECT_LT(std::chrono::steady_clock::now() - start, kAtOnce);
    const ProcessResult result = capture_->wait();
    EXPECT_EQ(result.exit_code, 2);
    EXPECT_THAT(result.err, ::testing::HasSubstr("the disk is slow or stuck; its guardian"));
    expect_clean();
  }
};

TEST_F(StuckDiskTest, WithPacketsToWrite) {
  start("delay_enter=4000000:when=2+");
  send();
  ASSERT_NO_FATAL_FAILURE(interrupt_twice());
  const auto all = total();  // a busy machine may have lost some before they reached a chunk
  EXPECT_EQ(all.accepted, kPackets);
  EXPECT_GT(all.delivered, kPackets / 2);
}

// The third file is due, but the first one is not complete.
TEST_F(StuckDiskTest, WithAFileToBegin) {
  start("delay_enter=4000000:when=2+");
  send();
  send();
  ASSERT_NO_FATAL_FAILURE(interrupt_twice());
  EXPECT_EQ(total().accepted, 2 * kPackets);
}

TEST_F(StuckDiskTest, WithTheLastBlocksToWrite) {
  start("delay_enter=4000000:when=3+");  // after the header and the packets
  const auto header = std::filesystem::file_size(path_);
  program_.run(packet_for(XDP_DROP, 1500), 10);
  ASSERT_TRUE(eventually([&] { return std::filesystem::file_size(path_) > header; }));
  ASSERT_NO_FATAL_FAILURE(interrupt_twice());
  EXPECT_EQ(expect_readable(path_).total().delivered, 10U);
}

// What else is cached in a container of limited memory stays there.
TEST_F(DiskTest, OtherFilesStayInThePageCache) {
  constexpr std::uint64_t kLimit = std::uint64_t{192} << 20U;
  constexpr std::uint64_t kOther = std::uint64_t{48} << 20U;
  const std::string other = disk_.path("other");
  const MemoryGroup group(kLimit);
  run({"dd", "if=/dev/zero", "of=" + other, "bs=1M", "count=48", "conv=fsync", "status=none"});
  run({"dd", "of=" + other, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"});
  run(group.inside({"cat", other}));
  Process capture(group.inside(tool({"-q", "-buffer", "8388608", hook_path_, path_})));
  ASSERT_TRUE(wait_until_live(capture, path_)) << capture.err();
  flood(path_, 600 * kMB);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_GT(cached_bytes(other), kOther * 9 / 10);
  EXPECT_LT(cached_bytes(path_), std::uint64_t{64} << 20U);
}

}  // namespace
}  // namespace xdpcap::test
