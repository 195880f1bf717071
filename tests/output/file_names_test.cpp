// SPDX-License-Identifier: BSD-3-Clause
// The oracles are tcpdump and dumpcap with the same packets and options.
#include "output/file_names.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::TemporaryFolder;
using Names = std::set<std::string>;
using Turn = FileNames::Turn;

Names names_in(const std::string& folder) {
  Names names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename());
  }
  return names;
}

// 3 MB in 560 packets.
void make_capture(const std::string& path) {
  std::vector<std::string> command = {"mergecap", "-a", "-F", "pcap", "-w", path};
  command.insert(command.end(), 40, "pcaps/jumbo.pcap");
  ASSERT_EQ(test::run(command).exit_code, 0);
}

Names by_tcpdump(const std::vector<std::string>& options, const std::string& name) {
  const TemporaryFolder folder;
  const TemporaryFolder output;
  make_capture(folder.path("all"));
  std::vector<std::string> command = {"tcpdump",          "-Z", "root",           "-r",
                                      folder.path("all"), "-w", output.path(name)};
  command.insert(command.end(), options.begin(), options.end());
  EXPECT_EQ(test::run(command).exit_code, 0);
  return names_in(output.path(""));
}

Names by_us(const Rotation& rotation, const std::string& name, int turns) {
  FileNames names(name, rotation, std::time(nullptr));
  Names all = {names.current()};
  for (int i = 0; i < turns; ++i) {
    all.insert(names.next(Turn::full, std::time(nullptr)));
    if (const auto outdated = names.outdated()) all.erase(*outdated);
  }
  return all;
}

constexpr std::uint64_t kHour = 3600'000'000'000;
constexpr FileLimits kMegabyte = {.bytes = 1'000'000};

TEST(FileNames, AreThoseOfTcpdump) {
  const std::string name = "out-%Y.pcap";
  EXPECT_EQ(by_us({.each = kMegabyte}, name, 2), by_tcpdump({"-C", "1"}, name));
  for (const std::uint32_t ring : {1, 2, 3, 10, 11, 101}) {
    EXPECT_EQ(by_us({.each = kMegabyte, .ring = ring}, name, 2),
              by_tcpdump({"-C", "1", "-W", std::to_string(ring)}, name));
  }
  EXPECT_EQ(by_us({.every = kHour}, name, 0), by_tcpdump({"-G", "3600"}, name));
  EXPECT_EQ(by_us({.every = kHour, .files = 3}, name, 0),
            by_tcpdump({"-G", "3600", "-W", "3"}, name));
  EXPECT_EQ(by_us({.each = kMegabyte, .every = kHour}, name, 2),
            by_tcpdump({"-G", "3600", "-C", "1"}, name));
  EXPECT_EQ(by_us({.each = kMegabyte, .every = kHour, .ring = 12}, name, 2),
            by_tcpdump({"-G", "3600", "-C", "1", "-W", "12"}, name));
}

// Except the seconds, which may advance meanwhile.
Names without_dates(const Names& names) {
  Names masked;
  for (const std::string& name : names) {
    masked.insert(std::regex_replace(name, std::regex("_[0-9]{14}"), "_DATE"));
  }
  return masked;
}

TEST(FileNames, AreThoseOfDumpcap) {
  const TemporaryFolder folder;
  make_capture(folder.path("all"));
  for (const char* name : {"out.pcap", "out", "a.b.pcapng"}) {
    for (const std::uint32_t ring : {0, 3}) {
      const TemporaryFolder output;
      const std::string command = "dumpcap -q -i - -b packets:100 " +
                                  (ring == 0 ? "" : "-b files:" + std::to_string(ring)) + " -w " +
                                  output.path(name) + " < " + folder.path("all");
      EXPECT_EQ(test::run({"bash", "-c", command}).exit_code, 0);
      const Rotation rotation{.names = Rotation::Names::dumpcap, .each = {}, .ring = ring};
      EXPECT_EQ(without_dates(by_us(rotation, name, 5)), without_dates(names_in(output.path(""))));
    }
  }
}

TEST(FileNames, DatesAreOfTheLocalTimeAtTheTurn) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  FileNames names("/data/%F/at-%H%M%S.pcap", {.each = kMegabyte, .every = kHour}, 86399);
  EXPECT_EQ(names.current(), "/data/1970-01-01/at-235959.pcap");
  EXPECT_EQ(names.next(Turn::full, 86400), "/data/1970-01-01/at-235959.pcap1");
  EXPECT_EQ(names.next(Turn::time, 86401), "/data/1970-01-02/at-000001.pcap");
  EXPECT_EQ(names.next(Turn::full, 86402), "/data/1970-01-02/at-000001.pcap1");
}

TEST(FileNames, ADateThatDoesNotChangeOverwritesNothing) {
  FileNames names("out.pcap", {.every = kHour}, 0);
  EXPECT_EQ(names.current(), "out.pcap");
  EXPECT_EQ(names.next(Turn::time, 1), "out.pcap1");
  EXPECT_EQ(names.next(Turn::time, 2), "out.pcap2");
}

TEST(FileNames, CompressionStaysAtTheEnd) {
  FileNames tcpdump("a.pcap.zst", {.each = kMegabyte, .ring = 20}, 0);
  EXPECT_EQ(tcpdump.current(), "a.pcap00.zst");
  EXPECT_EQ(tcpdump.next(Turn::full, 0), "a.pcap01.zst");
  const FileNames dumpcap("/x.y/a.lz4", {.names = Rotation::Names::dumpcap, .each = kMegabyte}, 0);
  EXPECT_EQ(dumpcap.current(), "/x.y/a_00001_19700101000000.lz4");
}

TEST(FileNames, APercentSignIsNothingSpecialWithoutATime) {
  EXPECT_EQ(FileNames("100%Y", {}, 0).current(), "100%Y");
}

}  // namespace
}  // namespace xdpcap
