// SPDX-License-Identifier: BSD-3-Clause
#include "output/output.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::read_file;
using test::TemporaryFolder;

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(Output, LeavesAFileAloneUntilItBegins) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  test::write_file(path, bytes("what was there before"));
  { const Output output = Output::open(path); }
  EXPECT_EQ(read_file(path), "what was there before");
  Output output = Output::open(path);
  output.begin();
  EXPECT_EQ(output.write(bytes("new"), {}).end, WriteEnd::done);
  output.close();
  EXPECT_EQ(read_file(path), "new");
}

TEST(Output, ANewFileIsPrivateAndGoesWhenItNeverBegan) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  {
    const Output output = Output::open(path);
    struct stat info {};
    ASSERT_EQ(::fstat(output.fd(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600U);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Output, SaysWhichFileCannotBeOpened) {
  try {
    Output::open("/no/such/folder/file");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "opening the output /no/such/folder/file: No such file or directory");
  }
}

TEST(Output, SaysHowFarItGotOnAFullDisk) {
  Output output = Output::open("/dev/full");
  output.begin();
  const WriteResult result = output.write(bytes("x"), {});
  EXPECT_EQ(result.end, WriteEnd::failed);
  EXPECT_EQ(result.error_number, ENOSPC);
  EXPECT_EQ(result.written, 0U);
}

TEST(Output, TakesBackTheEndOfAFile) {
  const TemporaryFolder folder;
  Output output = Output::open(folder.path("file"));
  output.begin();
  output.write(bytes("whole|par"), {});
  output.remove_last(3);
  output.write(bytes("next"), {});
  output.close();
  EXPECT_EQ(read_file(folder.path("file")), "whole|next");
}

TEST(Output, IsMadeInTheFolderThatWasOpened) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("own"));
  std::filesystem::create_directory(folder.path("other"));
  {
    Output output = Output::open(folder.path("own/file"));
    std::filesystem::rename(folder.path("own"), folder.path("moved"));
    std::filesystem::create_directory_symlink("other", folder.path("own"));
    output.begin();
  }
  EXPECT_TRUE(std::filesystem::exists(folder.path("moved/file")));
  EXPECT_FALSE(std::filesystem::exists(folder.path("other/file")));
}

TEST(Output, AStagedFileHasNoNameUntilItIsPublished) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  test::write_file(path, bytes("before"));
  const Output first = Output::open(path);
  const auto write_next = [&](bool published) {
    Output next = Output::stage(path, first);
    next.begin();
    next.write(bytes("after"), {});
    if (published) next.publish();
  };
  write_next(false);
  EXPECT_EQ(read_file(path), "before");
  write_next(true);
  EXPECT_EQ(read_file(path), "after");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path("")), {}), 1);
}

// What a process leaves that was killed while it published.
TEST(Output, AnUnfinishedFileIsRemovedByItsId) {
  const TemporaryFolder folder;
  const Output first = Output::open(folder.path("file"));
  for (const char* name : {".file1.0123456789abcdef.next", ".file1.next", "file1"}) {
    test::write_file(folder.path(name), bytes("x"));
    struct stat info {};
    ASSERT_EQ(::stat(folder.path(name).c_str(), &info), 0);
    Output::remove(folder.path("file1"), {info.st_dev, info.st_ino + 1}, first);
    EXPECT_TRUE(std::filesystem::exists(folder.path(name)));
    Output::remove(folder.path("file1"), {info.st_dev, info.st_ino}, first);
    EXPECT_FALSE(std::filesystem::exists(folder.path(name)));
  }
}

class FifoOutput : public ::testing::Test {
 protected:
  FifoOutput() {
    std::signal(SIGPIPE, SIG_IGN);
    ::mkfifo(path_.c_str(), 0600);
    reader_ = UniqueFd(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    output_.emplace(Output::open(path_));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("fifo");
  UniqueFd reader_;
  std::optional<Output> output_;
  std::vector<std::byte> much_ = std::vector<std::byte>(std::size_t{1} << 20U);
};

TEST_F(FifoOutput, NoticesThatNobodyReadsAnyMore) {
  reader_.reset();
  EXPECT_EQ(output_->write(bytes("x"), {}).end, WriteEnd::reader_gone);
}

TEST_F(FifoOutput, ASlowReaderCanBeInterrupted) {
  const UniqueFd stop(::eventfd(1, EFD_CLOEXEC));
  const WriteResult result = output_->write(much_, {.interrupt_fd = stop.get()});
  EXPECT_EQ(result.end, WriteEnd::interrupted);
  EXPECT_GT(result.written, 0U);
  EXPECT_LT(result.written, much_.size());
}

TEST_F(FifoOutput, PatienceEnds) {
  EXPECT_EQ(output_->write(much_, {.milliseconds = 10}).end, WriteEnd::interrupted);
}

TEST_F(FifoOutput, WaitsForASlowReaderOtherwise) {
  std::size_t read = 0;
  std::thread reader([&] {
    std::vector<std::byte> buffer(65536);
    while (read < much_.size()) {
      const ssize_t count = ::read(reader_.get(), buffer.data(), buffer.size());
      if (count > 0) read += static_cast<std::size_t>(count);
    }
  });
  EXPECT_EQ(output_->write(much_, {}).written, much_.size());
  reader.join();
}

}  // namespace
}  // namespace xdpcap
