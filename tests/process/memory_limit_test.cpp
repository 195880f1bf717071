// SPDX-License-Identifier: BSD-3-Clause
#include "process/memory_limit.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

// A folder that looks as /sys/fs/cgroup does (cgroups(7)).
class ControlGroups : public ::testing::Test {
 protected:
  void write(const std::string& file, const std::string& text) {
    const std::filesystem::path path = folder_.path(file);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << '\n';
  }
  [[nodiscard]] std::uint64_t limit(const std::string& groups) const {
    return cgroup_limit(groups, folder_.path(""));
  }

  test::TemporaryFolder folder_;
};

TEST_F(ControlGroups, TheLeastLimitOfAGroupAndThoseAboveIt) {
  write("kubepods/memory.max", "2000");
  write("kubepods/pod/memory.max", "1000");
  write("kubepods/pod/container/memory.max", "max");
  EXPECT_EQ(limit("0::/kubepods/pod/container\n"), 1000U);
  EXPECT_EQ(limit("0::/kubepods\n"), 2000U);
}

TEST_F(ControlGroups, OfVersion1) {
  write("memory/docker/memory.limit_in_bytes", "3000");
  write("memory/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(limit("12:cpu,cpuacct:/other\n4:memory:/docker\n0::/\n"), 3000U);
}

TEST_F(ControlGroups, OfAContainerThatSeesOnlyItsOwn) {
  write("memory.max", "4000");
  EXPECT_EQ(limit("0::/\n"), 4000U);
  EXPECT_EQ(limit("0::/kubepods/pod\n"), 4000U);
}

TEST_F(ControlGroups, None) {
  EXPECT_EQ(limit("0::/a/b\n"), kNone);
  EXPECT_EQ(limit(""), kNone);
  EXPECT_EQ(limit("nonsense\n:\n"), kNone);
  write("a/memory.max", "nonsense");
  EXPECT_EQ(limit("0::/a\n"), kNone);
}

TEST(MemoryLimit, AvailableMemory) {
  std::istringstream text("MemTotal: 2000 kB\nMemFree: 500 kB\nMemAvailable:    1000 kB\n");
  EXPECT_EQ(available_memory(text), 1000U * 1024);
  std::istringstream without("MemTotal: 2000 kB\nMemAvailable: some\n");
  EXPECT_EQ(available_memory(without), kNone);
  std::ifstream here("/proc/meminfo");
  EXPECT_LT(available_memory(here), kNone);
}

TEST(MemoryLimit, IsSomething) {
  EXPECT_GT(memory_limit(), std::uint64_t{1} << 20U);
  EXPECT_LT(memory_limit(), std::uint64_t{1} << 50U);
}

}  // namespace
}  // namespace xdpcap
