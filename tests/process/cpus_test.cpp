// SPDX-License-Identifier: BSD-3-Clause
#include "process/cpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>

#include "base/error.hpp"

namespace xdpcap {
namespace {

using ::testing::ElementsAre;

TEST(Cpus, ParsesTheKernelsLists) {
  EXPECT_THAT(parse_cpu_list("0"), ElementsAre(0));
  EXPECT_THAT(parse_cpu_list("0-3,8\n"), ElementsAre(0, 1, 2, 3, 8));
}

TEST(Cpus, RefusesWhatIsNoList) {
  for (const char* bad : {"", "a", "3-1", "1-", "-1", "1,,2"}) {
    EXPECT_THROW(parse_cpu_list(bad), Error) << bad;
  }
}

TEST(Cpus, AgreesWithTheSystem) {
  EXPECT_EQ(read_cpus().online.size(), static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_ONLN)));
  EXPECT_GE(read_cpus().possible, read_cpus().online.back() + 1);
}

}  // namespace
}  // namespace xdpcap
