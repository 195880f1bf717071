// SPDX-License-Identifier: BSD-3-Clause
// Captures that end by themselves, and captures in several files: each file is valid, and all
// together have exact counts.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/environment.hpp"
#include "support/flood.hpp"
#include "support/pcapng_file.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class RotationTest : public GuardianTest {
 protected:
  static void expect_whole_and_exact(const PcapngFile& file, const std::string& name) {
    const auto total = file.total();
    EXPECT_THAT(file.statistics, SizeIs(5)) << name;
    EXPECT_EQ(total.delivered, file.packets) << name;
    EXPECT_EQ(total.accepted, total.delivered + total.dropped) << name;
    EXPECT_GE(total.received, total.accepted) << name;
  }

  // Of all files together. Each is whole, and its own account is exact.
  [[nodiscard]] PcapngFile::Statistics total_of(const std::vector<std::string>& names) const {
    PcapngFile sum;
    for (const std::string& name : names) {
      const PcapngFile file = read_pcapng(files_.path(name));
      expect_whole_and_exact(file, name);
      sum.statistics.push_back(file.total());
    }
    return sum.total();
  }

  static void expect_summary(const ProcessResult& result, const PcapngFile::Statistics& total) {
    const Summary summary = parse_summary(result.err);
    EXPECT_EQ(summary.received, total.received);
    EXPECT_EQ(summary.matched, total.accepted);
    EXPECT_EQ(summary.captured, total.delivered);
    EXPECT_EQ(summary.lost, total.dropped);
  }

  [[nodiscard]] ProcessResult stop(Process& capture) const {
    capture.signal(SIGINT);
    ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(hook_is_empty());
    return result;
  }
};

TEST_F(RotationTest, CountIsExactUnderFullLoad) {
  const Flood flood(program_, {packet_for(XDP_DROP, 80)});
  for (const std::uint64_t count : {1, 7, 10'000, 123'456}) {
    std::filesystem::remove(file_);
    Process capture(tool({"-c", std::to_string(count), hook_path_, file_}));
    const ProcessResult result = capture.wait();
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_TRUE(hook_is_empty());
    const PcapngFile file = read_pcapng(file_);
    expect_whole_and_exact(file, file_);
    EXPECT_EQ(file.packets, count);
    expect_summary(result, file.total());
  }
}

TEST_F(RotationTest, CountEndsAQuietCaptureToo) {
  Process capture(tool({"-c2", "-w", file_, hook_path_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP));
  program_.run(packet_for(XDP_PASS));
  EXPECT_EQ(capture.wait(seconds(10)).exit_code, 0);
  EXPECT_EQ(read_bytes(file_).size(), 2U);
}

TEST_F(RotationTest, DurationEndsAnIdleCapture) {
  for (const std::vector<std::string>& option :
       {std::vector<std::string>{"--duration", "0.3"}, {"-a", "duration:0.3"}}) {
    std::vector<std::string> words = option;
    words.insert(words.end(), {hook_path_, file_});
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(Process(tool(words)).wait(seconds(10)).exit_code, 0);
    EXPECT_GT(std::chrono::steady_clock::now() - begin, milliseconds(300));
    EXPECT_THAT(read_pcapng(file_).statistics, SizeIs(5));
  }
}

TEST_F(RotationTest, AutostopFilesizeEndsWithThePacketThatReachesIt) {
  const Flood flood(program_, {packet_for(XDP_DROP, 1000)});
  EXPECT_EQ(Process(tool({"-a", "filesize:500", hook_path_, file_})).wait().exit_code, 0);
  const PcapngFile file = read_pcapng(file_);
  expect_whole_and_exact(file, file_);
  const auto size = std::filesystem::file_size(file_);
  EXPECT_GE(size, 500'000U);
  EXPECT_LT(size, 503'000U);
}

TEST_F(RotationTest, SizeMakesNumberedFilesInOrder) {
  ProcessResult result;
  {
    const Flood flood(program_, {packet_for(XDP_DROP, 1000)});
    Process capture(tool({"-C", "200k", "-a", "files:12", hook_path_, file_}));
    result = capture.wait();
  }
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> files = {"out.pcap"};
  for (int i = 1; i < 12; ++i) files.push_back("out.pcap" + std::to_string(i));
  std::vector<std::string> sorted = files;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(names(), sorted);
  expect_summary(result, total_of(files));
  for (const std::string& name : files) {
    EXPECT_GE(std::filesystem::file_size(files_.path(name)), 204'800U) << name;
    EXPECT_LT(std::filesystem::file_size(files_.path(name)), 207'800U) << name;
    EXPECT_EQ(capinfos(files_.path(name), "Strict time order"), "True");
  }
  // Each file begins after the last packet of the one before.
  std::uint64_t last = 0;
  for (const std::string& name : files) {
    const auto packets = read_with_tshark(files_.path(name));
    EXPECT_LE(last, packets.front().time) << name;
    last = packets.back().time;
  }
}

TEST_F(RotationTest, RingOfNumberedFilesKeepsTheLast) {
  const auto file_of_ring = [&](int number) -> std::optional<PcapngFile> {
    const std::string digits = std::to_string(100 + number % 12).substr(1);
    const std::string path = files_.path("out.pcap" + digits);
    return std::filesystem::exists(path) ? read_growing_pcapng(path) : std::nullopt;
  };
  Process capture(tool({"-C", "1k", "-W", "12", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, files_.path("out.pcap00"))) << capture.err();
  for (int i = 0; i < 20; ++i) {
    program_.run(packet_for(XDP_DROP, 1200));
    // The file is complete, and the next one has nothing yet but what every file begins with.
    ASSERT_TRUE(eventually([&] {
      const auto full = file_of_ring(i);
      const auto next = file_of_ring(i + 1);
      return full && full->statistics.size() == 5 && next && next->packets == 0 &&
             next->statistics.empty();
    })) << i;
  }
  const ProcessResult result = stop(capture);
  EXPECT_THAT(names(), SizeIs(12));
  EXPECT_EQ(names().front(), "out.pcap00");
  EXPECT_EQ(names().back(), "out.pcap11");
  const auto total = total_of(names());
  EXPECT_EQ(total.delivered, parse_summary(result.err).captured - 9);  // overwritten: 00 to 08
}

TEST_F(RotationTest, TimeMakesFilesWithDates) {
  Process capture(tool({"-G", "0.2", "-W", "4", hook_path_, files_.path("at-%Y-%s.pcap")}));
  ProcessResult result;
  {
    const Flood flood(program_, {packet_for(XDP_DROP, 80)});
    result = capture.wait(seconds(20));
  }
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_THAT(names(), SizeIs(4));
  for (const std::string& name : names()) {
    EXPECT_THAT(name, MatchesRegex("at-2[0-9][0-9][0-9]-[0-9]+.pcap[0-9]?"));
  }
  expect_summary(result, total_of(names()));
}

TEST_F(RotationTest, DumpcapsIntervalEndsAtMultiples) {
  ASSERT_TRUE(eventually([] { return std::time(nullptr) % 2 == 1; }));  // not at a multiple
  Process capture(tool({"-b", "interval:2", "-a", "files:3", hook_path_, file_}));
  const ProcessResult result = capture.wait(seconds(20));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_THAT(names(), SizeIs(3));
  for (std::size_t i = 1; i < names().size(); ++i) {
    EXPECT_THAT(names()[i], MatchesRegex("out_0000[23]_[0-9]{13}[02468].pcap"));
  }
}

TEST_F(RotationTest, DumpcapsRingHasItsNames) {
  Process capture(tool({"-b", "packets:10", "-b", "files:3", hook_path_, file_}));
  ASSERT_TRUE(eventually([&] { return !names().empty(); }));
  ASSERT_TRUE(wait_until_live(capture, files_.path(names().front()))) << capture.err();
  for (int i = 0; i < 95; ++i) program_.run(packet_for(XDP_DROP));
  ASSERT_TRUE(eventually([&] { return names().back().starts_with("out_00010_"); }));
  (void)stop(capture);
  ASSERT_THAT(names(), SizeIs(3));
  for (const std::string& name : names()) {
    EXPECT_THAT(name, MatchesRegex("out_000(08|09|10)_[0-9]{14}.pcap"));
  }
  EXPECT_EQ(read_pcapng(files_.path(names()[0])).packets, 10U);
  EXPECT_EQ(read_pcapng(files_.path(names()[1])).packets, 10U);
  EXPECT_EQ(read_pcapng(files_.path(names()[2])).packets, 5U);
}

// A copy of any file at any moment is valid, except for a packet that is being written to the last
// one: there is never an empty file.
TEST_F(RotationTest, NoFileIsEverEmpty) {
  Process capture(tool({"-q", "-C", "20k", "-W", "3", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, files_.path("out.pcap0"))) << capture.err();
  const auto header = std::filesystem::file_size(files_.path("out.pcap0"));  // nothing else yet
  const Flood flood(program_, {packet_for(XDP_DROP, 1000)});
  int looks = 0;
  const auto end = std::chrono::steady_clock::now() + milliseconds(500);
  while (std::chrono::steady_clock::now() < end) {
    for (const char* name : {"out.pcap0", "out.pcap1", "out.pcap2"}) {
      std::error_code missing;
      const auto size = std::filesystem::file_size(files_.path(name), missing);
      if (missing) continue;
      ASSERT_GE(size, header) << name;
      ++looks;
    }
  }
  EXPECT_GT(looks, 100);
  (void)stop(capture);
  (void)total_of(names());
}

TEST_F(RotationTest, EndsInGoodOrderWhenTheNextFileCannotBeMade) {
  std::filesystem::create_directory(files_.path("out.pcap2"));
  Process capture(tool({"-C", "1k", "-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP, 1200));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(files_.path("out.pcap1")); }));
  program_.run(packet_for(XDP_DROP, 1200));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("out.pcap2: it exists and is not a regular file"));
  EXPECT_TRUE(hook_is_empty());
  expect_whole_and_exact(read_pcapng(files_.path("out.pcap1")), "out.pcap1");
  EXPECT_EQ(read_pcapng(files_.path("out.pcap1")).packets, 1U);
}

// The packets in the rings when the capture is stopped would need more files.
TEST_F(RotationTest, NothingIsLostWhenTheLastPacketsFindNoNextFile) {
  std::filesystem::create_directory(files_.path("out.pcap1"));
  Process capture(tool({"-C", "1k", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGSTOP);
  for (int i = 0; i < 30; ++i) program_.run(packet_for(XDP_DROP, 1200));
  capture.signal(SIGINT);
  capture.signal(SIGCONT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("out.pcap1: it exists and is not a regular file"));
  EXPECT_EQ(parse_summary(result.err).captured, 30U);
  EXPECT_TRUE(hook_is_empty());
  expect_whole_and_exact(read_pcapng(file_), "out.pcap");
  EXPECT_EQ(read_pcapng(file_).packets, 30U);
}

// What is in the way only when the file before is complete; strace puts it there.
TEST_F(RotationTest, AFileThatGetsNoNameIsKept) {
  Process capture({"strace", "-qq", "-o", files_.path("trace"), "-E", "ASAN_OPTIONS=detect_leaks=0",
                   "-e", "inject=renameat,rename:error=EIO", XDPCAP_CPP, "-C", "1k", hook_path_,
                   file_});
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (int i = 0; i < 3; ++i) program_.run(packet_for(XDP_DROP, 1200));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("naming the output " + files_.path("out.pcap1") +
                        ": Input/output error; it is in " + files_.path(".out.pcap1.")));
  std::filesystem::remove(files_.path("trace"));
  EXPECT_THAT(names(), SizeIs(2));
  EXPECT_EQ(total_of(names()).delivered, parse_summary(result.err).captured);
}

// With SIGKILL at random moments while files follow each other as fast as they can.
TEST_F(RotationTest, KilledAtAnyMomentAllFilesAreWholeAndExact) {
  const Flood flood(program_, {packet_for(XDP_DROP, 1000)});
  std::mt19937 random(20260102);
  const std::uint64_t kills = number_from_environment("XDPCAP_KILLS").value_or(30);
  std::uint64_t files = 0;
  for (std::uint64_t i = 0; i < kills; ++i) {
    for (const std::string& name : names()) std::filesystem::remove(files_.path(name));
    Process capture(tool({"-q", "-C", "4k", "-buffer", "262144", hook_path_, file_}));
    ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    capture.signal(SIGKILL);
    capture.wait();
    expect_clean();
    (void)total_of(names());
    files += names().size();
    // Numbers without a gap: nothing is missing in the middle.
    for (std::size_t number = 1; number < names().size(); ++number) {
      EXPECT_TRUE(std::filesystem::exists(files_.path("out.pcap" + std::to_string(number))));
    }
    ASSERT_FALSE(HasFailure()) << "at kill " << i;
  }
  std::cout << kills << " kills, " << files << " files\n";
  EXPECT_GT(files, static_cast<std::uint64_t>(kills));  // they did follow each other
}

}  // namespace
}  // namespace xdpcap::test
