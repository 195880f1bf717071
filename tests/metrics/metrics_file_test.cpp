// SPDX-License-Identifier: BSD-3-Clause
#include "metrics/metrics_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "metrics/made_report.hpp"
#include "support/process.hpp"
#include "support/small_disk.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MetricsFileTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string text() const { return read_file(path_); }
  [[nodiscard]] bool has(const std::string& part) const {
    return eventually([&] { return text().find(part) != std::string::npos; });
  }
  [[nodiscard]] std::ptrdiff_t files() const {
    const std::filesystem::directory_iterator all(folder_.path(""));
    return std::distance(begin(all), end(all));
  }

  TemporaryFolder folder_;
  std::string path_ = folder_.path("web.prom");
};

TEST_F(MetricsFileTest, IsWrittenAtOnceThenAtTimesAndAtTheEnd) {
  constexpr std::uint64_t kLong = 3600'000'000'000;
  MetricsFile file(path_, "", kLong);
  EXPECT_EQ(files(), 0);
  EXPECT_THAT(file.show(only_counts(1, 1)), IsEmpty());
  EXPECT_TRUE(has("action=\"drop\"} 1\n"));
  EXPECT_TRUE(has("xdpcap_up{capture=\"web\"} 1\n"));
  file.show(only_counts(2, 2));  // too early
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_THAT(text(), HasSubstr("action=\"drop\"} 1\n"));
  EXPECT_THAT(file.finish(only_counts(3, 3)), IsEmpty());
  EXPECT_THAT(text(), HasSubstr("action=\"drop\"} 3\n"));
  EXPECT_THAT(text(), HasSubstr("xdpcap_up{capture=\"web\"} 0\n"));
  EXPECT_EQ(files(), 1);
}

// Whenever it is read. It has some 100 KiB, which are not written at once.
TEST_F(MetricsFileTest, IsWhole) {
  constexpr int kSeries = 1000;
  std::atomic<bool> ends = false;
  std::atomic<int> reads = 0;
  std::atomic<int> partial = 0;
  std::jthread reader([&] {
    while (!ends) {
      const std::string all = text();
      if (all.empty() && reads == 0) continue;  // not there yet
      ++reads;
      std::ptrdiff_t series = 0;
      for (std::size_t at = all.find("} 8\n"); at != std::string::npos;
           at = all.find("} 8\n", at + 1)) {
        ++series;
      }
      if (!all.starts_with("# HELP ") || series != kSeries) ++partial;
    }
  });
  Report report = only_counts(7, 7);
  for (int i = 0; i < kSeries; ++i) {
    report.fate_counts.push_back(
        {0, XdpAction(1), "dropped", "E" + std::to_string(i) + "X", "xdp", 8});
  }
  {
    MetricsFile file(path_, "", 0);
    while (reads < 500) {
      file.show(report);
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  }
  ends = true;
  reader.join();
  EXPECT_EQ(partial, 0);
}

TEST_F(MetricsFileTest, HasTheModeThatTheUserWants) {
  const auto mode = [&](mode_t mask) {
    const mode_t before = ::umask(mask);
    MetricsFile(path_, "").finish(only_counts(1, 1));
    ::umask(before);
    struct stat info {};
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return info.st_mode & 0777U;
  };
  EXPECT_EQ(mode(0022), 0644U);
  EXPECT_EQ(mode(0), 0644U);
  EXPECT_EQ(mode(0027), 0640U);
}

TEST_F(MetricsFileTest, IsRefusedWhereNothingCanBeWritten) {
  const auto refusal = [](const std::string& path) -> std::string {
    try {
      const MetricsFile file(path, "");
    } catch (const Error& error) {
      return error.what();
    }
    return "none";
  };
  EXPECT_THAT(refusal(folder_.path("web.txt")), HasSubstr("does not end in .prom"));
  EXPECT_THAT(refusal(folder_.path(".prom")), HasSubstr("does not end in .prom"));
  EXPECT_THAT(refusal(folder_.path("none/web.prom")), EndsWith("No such file or directory"));
  EXPECT_THAT(refusal("/proc/web.prom"), HasSubstr("writing beside /proc/web.prom: "));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(refusal(path_), EndsWith("is not a regular file"));
}

// The file before stays, the user is told once, and it is written again when there is room.
TEST_F(MetricsFileTest, AFullDiskIsToldOnce) {
  const SmallDisk disk(folder_.path("disk"));
  path_ = folder_.path("disk/web.prom");
  MetricsFile file(path_, "", 0);
  file.show(only_counts(1, 1));
  ASSERT_TRUE(has("action=\"drop\"} 1\n"));
  {
    std::ofstream filler(folder_.path("disk/filler"));
    filler << std::string(std::size_t{1} << 20U, 'x');
  }
  std::vector<std::string> told;
  const auto show = [&](std::uint64_t packets) {
    const auto lines = file.show(only_counts(packets, packets));
    told.insert(told.end(), lines.begin(), lines.end());
  };
  EXPECT_TRUE(eventually([&] {
    show(2);
    return !told.empty();
  }));
  for (int i = 0; i < 20; ++i) {
    show(2);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_THAT(told, ElementsAre(HasSubstr("web.prom: No space left on device; the capture cont")));
  EXPECT_THAT(text(), HasSubstr("action=\"drop\"} 1\n"));
  std::filesystem::remove(folder_.path("disk/filler"));
  show(3);
  EXPECT_TRUE(has("action=\"drop\"} 3\n"));
  EXPECT_THAT(file.finish(only_counts(4, 4)), IsEmpty());
  EXPECT_THAT(text(), HasSubstr("action=\"drop\"} 4\n"));
}

}  // namespace
}  // namespace xdpcap::test
