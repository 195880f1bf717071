// SPDX-License-Identifier: BSD-3-Clause
#include "output/capture_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "output/made_header.hpp"
#include "support/block.hpp"
#include "support/capture_reader.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::MadeBlock;
using test::numbered_packet;
using ::testing::ElementsAre;

pcapng::Bytes header() {
  return test::file_header({"XDPpass"});
}

const MadeBlock& large_packet() {
  static const MadeBlock block({.packet = numbered_packet(1500)});
  return block;
}

TEST(CaptureFile, CountsWhatIsInTheFile) {
  const test::TemporaryFolder folder;
  CaptureFile file(Output::open(folder.path("file")), 1);
  file.begin(header());
  EXPECT_TRUE(file.append(large_packet().get()));
  EXPECT_TRUE(file.append(large_packet().get()));
  EXPECT_THAT(file.written(), ElementsAre(0));
  EXPECT_TRUE(file.flush({}));
  EXPECT_THAT(file.written(), ElementsAre(2));
  file.finish({pcapng::interface_statistics({.written = 2})}, {});
  EXPECT_EQ(test::read_bytes(folder.path("file")).size(), 2U);
  EXPECT_EQ(test::capinfos(folder.path("file"), "Number of stat entries"), "1");
}

// The limit on file sizes simulates a disk that is full in the middle of a block.
TEST(CaptureFile, EndsInAWholeBlockOnAFullDisk) {
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit{100'000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);

  const test::TemporaryFolder folder;
  CaptureFile file(Output::open(folder.path("file")), 1);
  file.begin(header());
  while (file.append(large_packet().get())) {
  }
  EXPECT_FALSE(file.flush({}) && file.sync());
  EXPECT_EQ(file.end(), WriteEnd::failed);
  const std::uint64_t written = file.written()[0];
  EXPECT_THROW(file.finish({}, {}), Error);
  ::setrlimit(RLIMIT_FSIZE, &before);

  EXPECT_GT(written, 50U);
  EXPECT_EQ(file.written()[0], written);
  EXPECT_EQ(test::read_bytes(folder.path("file")).size(), written);
}

TEST(CaptureFile, GoesOnInTheMiddleOfABlockAfterAnInterruption) {
  const test::TemporaryFolder folder;
  ::mkfifo(folder.path("fifo").c_str(), 0600);
  const UniqueFd reader(::open(folder.path("fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  CaptureFile file(Output::open(folder.path("fifo")), 1);
  file.begin(header());
  std::size_t packets = 0;
  while (file.append(large_packet().get())) ++packets;
  const UniqueFd stop(::eventfd(1, EFD_CLOEXEC));
  EXPECT_FALSE(file.flush({.interrupt_fd = stop.get()}));
  EXPECT_EQ(file.end(), WriteEnd::interrupted);
  EXPECT_THAT(file.written(), ElementsAre(0));

  std::vector<std::byte> all;
  std::vector<std::byte> chunk(4096);
  const auto drain = [&] {
    for (ssize_t count = 0; (count = ::read(reader.get(), chunk.data(), chunk.size())) > 0;) {
      all.insert(all.end(), chunk.begin(), chunk.begin() + count);
    }
  };
  do {
    drain();
  } while (!file.flush({.interrupt_fd = stop.get()}));
  drain();
  EXPECT_EQ(file.written()[0], packets);
  test::write_file(folder.path("copy"), all);
  EXPECT_EQ(test::read_bytes(folder.path("copy")).size(), packets);
}

}  // namespace
}  // namespace xdpcap
