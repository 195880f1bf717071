// SPDX-License-Identifier: BSD-3-Clause
#include "output/disk_writer.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/mapping.hpp"
#include "output/disk_fixture.hpp"
#include "support/page_cache.hpp"

namespace xdpcap {
namespace {

using test::kMiB;
using test::Limit;
using test::without_padding;

// With small chunks, and packets as they are.
class DiskWriterTest : public test::DiskTest {
 protected:
  static constexpr ChunkPool::Size kSize{.chunk_bytes = 65536, .count = 4};

  void append(DiskWriter& writer, std::size_t bytes) {
    for (const std::size_t end = appended_.size() + bytes; appended_.size() < end;) {
      const std::string block = text(next());
      appended_ += block;
      const iovec piece{const_cast<char*>(block.data()), block.size()};
      ASSERT_EQ(writer.append(std::span(&piece, 1), block.size(), {}).end, WriteEnd::done);
    }
  }
  // In all the ways in which chunks are handed over.
  void append_in_parts(DiskWriter& writer) {
    for (const std::size_t bytes : {100, 5000, 70'000, 4096, 300'000, 1, 200'000}) {
      append(writer, bytes);
      for (int i = 0; i < 2; ++i) writer.settle();
    }
  }
  [[nodiscard]] UniqueFd open(int flags) const {
    return UniqueFd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0600));
  }

  std::string appended_;
};

TEST_F(DiskWriterTest, WritesDirectlyAndInParts) {
  const UniqueFd fd = open(0);
  DiskWriter writer(kSize);
  writer.begin(fd.get(), 0, 0);
  append_in_parts(writer);
  EXPECT_EQ(writer.finish().end, WriteEnd::done);
  append_in_parts(writer);
  EXPECT_EQ(writer.finish().end, WriteEnd::done);
  EXPECT_EQ(without_padding(test::read_file(path_)), appended_);
}

// `- >> file`: pwrite(2) ignores the offset, and the file had contents.
TEST_F(DiskWriterTest, AppendsToContents) {
  appended_ = text(next());
  test::write_file(path_, std::as_bytes(std::span(appended_)));
  const std::uint64_t before = appended_.size();
  ASSERT_NE(before % ChunkPool::kAlignment, 0U);
  const UniqueFd fd = open(O_APPEND);
  DiskWriter writer(kSize);
  writer.begin(fd.get(), before, 0);
  append_in_parts(writer);
  EXPECT_EQ(writer.finish().end, WriteEnd::done);
  const std::string bytes = test::read_file(path_);
  EXPECT_EQ(bytes.size(), writer.position());
  EXPECT_EQ(without_padding(bytes), appended_);
}

// A file system without direct writes: here, there is no descriptor to be had for them.
TEST_F(DiskWriterTest, WritesThroughThePageCacheWhichItDoesNotFill) {
  const UniqueFd fd = open(0);
  DiskWriter writer({.chunk_bytes = kMiB, .count = 8});
  {
    const Limit limit(RLIMIT_NOFILE, 0);
    writer.begin(fd.get(), 0, 0);
  }
  packet_bytes_ = 1500;
  append(writer, 96 * kMiB);
  EXPECT_EQ(writer.finish().end, WriteEnd::done);
  std::size_t paddings = 0;
  EXPECT_LT(test::cached_bytes(path_), 56 * kMiB);
  EXPECT_EQ(without_padding(test::read_file(path_), &paddings), appended_);
  EXPECT_EQ(paddings, 0U);
}

// The descriptions of thousands of interfaces.
TEST_F(DiskWriterTest, BlocksThatAreLargerThanAChunk) {
  const UniqueFd fd = open(0);
  DiskWriter writer(kSize);
  writer.begin(fd.get(), 0, 0);
  for (const std::size_t bytes : {1000, 300'000, 64'000, 1'000'000}) {
    std::string large;
    while (large.size() < bytes) large += text(next());
    appended_ += large;
    const std::vector<iovec> pieces = {{large.data(), 500},
                                       {large.data() + 500, large.size() - 500}};
    EXPECT_EQ(writer.append(pieces, large.size(), {}).written, large.size());
  }
  append_in_parts(writer);
  EXPECT_EQ(writer.finish().end, WriteEnd::done);
  EXPECT_EQ(without_padding(test::read_file(path_)), appended_);
}

// What does not fit ends where the large block begins.
TEST_F(DiskWriterTest, ALargeBlockThatDoesNotFitIsCutOffWhole) {
  std::signal(SIGXFSZ, SIG_IGN);
  const UniqueFd fd = open(0);
  DiskWriter writer(kSize);
  writer.begin(fd.get(), 0, 0);
  append(writer, 1000);
  std::string large(200'000, 'x');
  const std::vector<iovec> pieces = {{large.data(), 100'000}, {large.data() + 100'000, 100'000}};
  {
    const Limit limit(RLIMIT_FSIZE, 150'000);
    const WriteResult result = writer.append(pieces, large.size(), {});
    EXPECT_EQ(result.end, WriteEnd::failed);
    EXPECT_EQ(result.error_number, EFBIG);
  }
  const DiskWriter::Rest rest = writer.rest();
  EXPECT_EQ(rest.begin, appended_.size());
  EXPECT_TRUE(rest.blocks.empty());
}

// As under -Z with a user who has all the threads that its limit allows.
TEST_F(DiskWriterTest, WithoutAThread) {
  if (!test::kForksMayStartThreads) GTEST_SKIP() << "ThreadSanitizer forbids threads in a fork";
  const pid_t child = ::fork();
  if (child == 0) {
    const UniqueFd fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    DiskWriter writer(kSize);
    const Limit limit(RLIMIT_NPROC, 0);
    const bool became = ::setuid(54321) == 0;  // root has no such limit
    writer.begin(fd.get(), 0, 0);
    append_in_parts(writer);
    const bool done = writer.finish().end == WriteEnd::done;
    const Mapping file(fd.get(), writer.position(), PROT_READ, 0, "mapping the file");
    const std::string bytes(reinterpret_cast<const char*>(file.at(0)), writer.position());
    ::_exit(became && done && without_padding(bytes) == appended_ ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace xdpcap
