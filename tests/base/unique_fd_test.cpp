// SPDX-License-Identifier: BSD-3-Clause
#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <utility>

namespace xdpcap {
namespace {

bool is_open(int fd) {
  return ::fcntl(fd, F_GETFD) != -1;
}

TEST(UniqueFd, ClosesOnceAndFollowsMoves) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    UniqueFd first(fd);
    UniqueFd second(std::move(first));
    EXPECT_EQ(second.get(), fd);
    UniqueFd third;
    third = std::move(second);
    EXPECT_TRUE(is_open(fd));
  }
  EXPECT_FALSE(is_open(fd));
}

TEST(UniqueFd, ReleaseGivesTheOwnershipAway) {
  const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(UniqueFd(fd).release(), fd);
  EXPECT_TRUE(is_open(fd));
  ::close(fd);
}

}  // namespace
}  // namespace xdpcap
