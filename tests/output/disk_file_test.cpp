// SPDX-License-Identifier: BSD-3-Clause
// Captures in files on a disk, which a thread writes.
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/mapping.hpp"
#include "output/capture_file.hpp"
#include "output/disk_fixture.hpp"
#include "output/made_header.hpp"
#include "support/capture_reader.hpp"
#include "support/pcapng_file.hpp"
#include "support/process.hpp"

namespace xdpcap {
namespace {

using test::kMiB;
using test::Limit;
using test::MadeBlock;
using test::numbered_packet;
using test::without_padding;

// CaptureFile, with all that has been appended to it.
class DiskFileTest : public test::DiskTest {
 protected:
  void begin() {
    const pcapng::Bytes header = test::file_header({"XDPpass"});
    file_.begin(header);
    appended_.append(reinterpret_cast<const char*>(header.data()), header.size());
  }
  // A batch of packets that together have some KiB. Their memory has to stay until it is written.
  bool flush_some(std::size_t packets = 200) {
    std::vector<MadeBlock> blocks;
    blocks.reserve(packets);
    for (std::size_t i = 0; i < packets; ++i) {
      blocks.emplace_back(test::BlockSpec{
          .packet = numbered_packet(packet_bytes_, static_cast<std::uint8_t>(++count_)),
          .time = count_ * 1000});
      appended_ += text(blocks.back().get());
      EXPECT_TRUE(file_.append(blocks.back().get()));
    }
    return file_.flush({});
  }
  void flush_bytes(std::size_t bytes) {
    for (const std::size_t end = appended_.size() + bytes; appended_.size() < end;) {
      ASSERT_TRUE(flush_some());
    }
  }
  // By everything that reads such files.
  void expect_readable(std::uint64_t packets) const {
    EXPECT_EQ(test::read_pcapng(path_).packets, packets);
    EXPECT_EQ(test::read_bytes(path_).size(), packets);
    EXPECT_EQ(test::capinfos(path_, "Strict time order"), "True");
    EXPECT_EQ(test::read_with_tshark(path_).size(), packets);
  }

  CaptureFile file_{Output::open(path_), 1};
  std::string appended_;
};

TEST_F(DiskFileTest, ManyChunksHoldWhatWasAppended) {
  begin();
  flush_bytes(4 * kMiB);
  packet_bytes_ = 1000;
  flush_bytes(20 * kMiB);
  file_.finish({}, {});
  EXPECT_EQ(file_.written()[0], count_);
  const std::string bytes = test::read_file(path_);
  EXPECT_EQ(bytes.size(), file_.size());
  std::size_t paddings = 0;
  EXPECT_EQ(without_padding(bytes, &paddings), appended_);
  EXPECT_GE(paddings, 4U);
  expect_readable(count_);
}

TEST_F(DiskFileTest, ASmallRestGetsToTheFileSoon) {
  begin();
  ASSERT_TRUE(flush_some(10));
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
  file_.settle();
  file_.settle();  // nothing has come since
  EXPECT_TRUE(test::eventually([&] { return test::read_file(path_) == appended_; }));
  flush_bytes(6 * kMiB);  // from the middle of the page that has been written
  file_.finish({}, {});
  EXPECT_EQ(without_padding(test::read_file(path_)), appended_);
}

// Also if there is never a pause.
TEST_F(DiskFileTest, ATrickleGetsToTheFileWithinASecond) {
  begin();
  const bool arrived = test::eventually([&] {
    flush_some(1);
    file_.settle();
    return count_ > 20 && std::filesystem::file_size(path_) > 0;
  });
  EXPECT_TRUE(arrived);
  file_.finish({}, {});
  EXPECT_EQ(test::read_file(path_), appended_);
}

// The limit on file sizes simulates a disk that is full in the middle of a block.
TEST_F(DiskFileTest, AFullDiskKeepsWholeBlocksAndExactCounts) {
  std::signal(SIGXFSZ, SIG_IGN);
  {
    const Limit limit(RLIMIT_FSIZE, 10'000'001);
    begin();
    while (flush_some() && appended_.size() < 64 * kMiB) continue;
    EXPECT_THROW(file_.finish({}, {}), Error);
  }
  EXPECT_EQ(file_.end(), WriteEnd::failed);
  EXPECT_GT(file_.size(), 9'990'000U);
  EXPECT_LE(file_.size(), 10'000'001U);
  const std::string bytes = test::read_file(path_);
  EXPECT_EQ(bytes.size(), file_.size());
  const std::string kept = without_padding(bytes);
  EXPECT_EQ(kept, appended_.substr(0, kept.size()));
  EXPECT_LT(file_.written()[0], count_);
  expect_readable(file_.written()[0]);
}

// What a process has flushed that is then killed, written by one that shares its memory.
TEST_F(DiskFileTest, AnotherProcessCompletesTheFileOfOneThatIsKilled) {
  if (!test::kForksMayStartThreads) GTEST_SKIP() << "ThreadSanitizer forbids threads in a fork";
  struct Shared {
    std::uint64_t size;
    std::uint64_t written;
  };
  const Mapping memory = Mapping::shared(sizeof(Shared), "sharing");
  auto& shared = *reinterpret_cast<Shared*>(memory.at(0));
  const pid_t child = ::fork();
  if (child == 0) {
    begin();
    while (appended_.size() < 10 * kMiB && flush_some()) continue;
    shared = {file_.size(), file_.written()[0]};
    flush_some();  // this was not committed
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  ASSERT_GT(shared.written, 1000U);
  EXPECT_LT(std::filesystem::file_size(path_), shared.size);
  file_.output().keep();
  file_.restore(0, shared.size, std::vector<std::uint64_t>{shared.written});
  file_.go_back();
  EXPECT_EQ(file_.written()[0], shared.written);
  file_.finish({}, {});
  EXPECT_EQ(std::filesystem::file_size(path_), shared.size);
  expect_readable(shared.written);
}

// The same after a failure: the one that was killed had already given up the rest.
TEST_F(DiskFileTest, AnotherProcessCompletesAFileThatHadNoRoom) {
  if (!test::kForksMayStartThreads) GTEST_SKIP() << "ThreadSanitizer forbids threads in a fork";
  const Mapping memory = Mapping::shared(2 * sizeof(std::uint64_t), "sharing");
  auto* shared = reinterpret_cast<std::uint64_t*>(memory.at(0));
  std::signal(SIGXFSZ, SIG_IGN);
  const pid_t child = ::fork();
  if (child == 0) {
    const Limit limit(RLIMIT_FSIZE, 6'000'001);
    begin();
    do {
      shared[0] = file_.size();
      shared[1] = file_.written()[0];
    } while (flush_some() && appended_.size() < 64 * kMiB);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_LT(std::filesystem::file_size(path_), shared[0]);
  file_.output().keep();
  {
    const Limit limit(RLIMIT_FSIZE, 6'100'001);
    file_.restore(0, shared[0], std::vector<std::uint64_t>{shared[1]});
    file_.go_back();
  }
  EXPECT_GT(std::filesystem::file_size(path_), 6'090'000U);
  expect_readable(file_.written()[0]);
}

}  // namespace
}  // namespace xdpcap
