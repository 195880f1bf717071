// SPDX-License-Identifier: BSD-3-Clause
#include <gmock/gmock.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

using test::Names;
using ::testing::HasSubstr;

Options parse(std::vector<std::string> options) {
  options.insert(options.end(), {"/hook", "out"});
  return test::parse(options);
}

CaptureLimits limits(std::vector<std::string> options) {
  return parse(std::move(options)).files.limits;
}

std::string error(std::vector<std::string> options) {
  options.insert(options.end(), {"/hook", "out"});
  return test::error(options);
}

constexpr std::uint64_t kSecond = 1'000'000'000;

TEST(LimitOptions, WithoutThemACaptureHasOneFileAndNoEnd) {
  const CaptureLimits none = limits({});
  EXPECT_TRUE(none.rotation.one_file());
  EXPECT_FALSE(none.rotation.each.any());
  EXPECT_EQ(none.packets, kUnlimited);
  EXPECT_EQ(none.duration, 0U);
}

TEST(LimitOptions, SizesAreTcpdumps) {
  EXPECT_EQ(limits({"-C", "3"}).rotation.each.bytes, 3'000'000U);
  EXPECT_EQ(limits({"-C3"}).rotation.each.bytes, 3'000'000U);
  EXPECT_EQ(limits({"-C", "3k"}).rotation.each.bytes, 3U << 10U);
  EXPECT_EQ(limits({"-C", "3M"}).rotation.each.bytes, 3U << 20U);
  EXPECT_EQ(limits({"-C", "3g"}).rotation.each.bytes, std::uint64_t{3} << 30U);
  EXPECT_EQ(limits({"-C", "3KiB"}).rotation.each.bytes, 3U << 10U);
  EXPECT_EQ(limits({"-C", "010"}).rotation.each.bytes, 10'000'000U);
  for (const char* wrong : {"0", "k", "-1", "3kb", "1.5", "99999999999999999"}) {
    EXPECT_THAT(error({"-C", wrong}), HasSubstr("-C: ")) << wrong;
  }
}

TEST(LimitOptions, FilesAreARingOfSizesOrANumberOfTimes) {
  const Rotation ring = limits({"-C", "1", "-W", "5"}).rotation;
  EXPECT_EQ(ring.ring, 5U);
  EXPECT_EQ(ring.files, kUnlimited);
  const Rotation times = limits({"-G", "60", "-W5"}).rotation;
  EXPECT_EQ(times.every, 60 * kSecond);
  EXPECT_EQ(times.files, 5U);
  EXPECT_EQ(times.ring, 0U);
  EXPECT_THAT(error({"-W", "5"}), HasSubstr("-W: "));
}

TEST(LimitOptions, CountsAndTimes) {
  EXPECT_EQ(limits({"-c", "10"}).packets, 10U);
  EXPECT_EQ(limits({"-c", "10", "-a", "packets:7"}).packets, 7U);
  EXPECT_EQ(limits({"--duration", "1.5"}).duration, 3 * kSecond / 2);
  EXPECT_EQ(limits({"-a", "duration:60"}).duration, 60 * kSecond);
  for (const char* wrong : {"0", "x", "-1"}) {
    EXPECT_THAT(error({"-c", wrong}), HasSubstr("-c: "));
    EXPECT_THAT(error({"--duration", wrong}), HasSubstr("--duration: "));
  }
}

TEST(LimitOptions, DumpcapsConditions) {
  const CaptureLimits all = limits({"-b", "filesize:100", "-b", "duration:60", "-b", "packets:9",
                                    "-b", "files:4", "-a", "files:20"});
  EXPECT_EQ(all.rotation.names, Rotation::Names::dumpcap);
  EXPECT_EQ(all.rotation.each.bytes, 100'000U);
  EXPECT_EQ(all.rotation.each.packets, 9U);
  EXPECT_EQ(all.rotation.every, 60 * kSecond);
  EXPECT_EQ(all.rotation.ring, 4U);
  EXPECT_EQ(all.rotation.files, 20U);
  EXPECT_THAT(error({"-b", "files:4"}), HasSubstr("nothing says when a file ends"));
  const Rotation hourly = limits({"-b", "interval:3600"}).rotation;
  EXPECT_EQ(hourly.every, 3600 * kSecond);
  EXPECT_TRUE(hourly.at_multiples);
  EXPECT_THAT(error({"-b", "interval:4", "-b", "duration:4"}), HasSubstr("exclude each other"));
  EXPECT_THAT(error({"-b", "printname:x"}), HasSubstr("names of files are not written"));
  EXPECT_THAT(error({"-b", "size:4"}), HasSubstr("no condition \"size\""));
  EXPECT_THAT(error({"-a", "duration"}), HasSubstr("has no value"));
  EXPECT_THAT(error({"-C", "1", "-b", "packets:1"}), HasSubstr("-C does not go with -b"));
}

// dumpcap's own number is one of kB.
TEST(LimitOptions, SizesOfConditionsCanHaveUnits) {
  EXPECT_EQ(limits({"-a", "filesize:1M"}).rotation.each.bytes, 1U << 20U);
  EXPECT_EQ(limits({"-b", "filesize:2gib"}).rotation.each.bytes, std::uint64_t{2} << 30U);
  EXPECT_THAT(error({"-b", "filesize:1t"}), HasSubstr("-b: invalid size \"1t\""));
}

TEST(LimitOptions, AFullFileEndsTheCaptureOrStartsTheNext) {
  const Rotation single = limits({"-a", "filesize:10"}).rotation;
  EXPECT_EQ(single.files, 1U);
  EXPECT_EQ(single.each.bytes, 10'000U);
  EXPECT_EQ(limits({"-a", "filesize:10", "-b", "duration:5"}).rotation.files, kUnlimited);
}

TEST(LimitOptions, LastPackets) {
  const auto last = [](const std::vector<std::string>& words) {
    return parse(words).files.flight.value();
  };
  EXPECT_EQ(last({"--last", "60s"}).window, 60 * kSecond);
  EXPECT_EQ(last({"--last", "60s"}).bytes, 0U);
  EXPECT_EQ(last({"--last", "5m"}).window, 300 * kSecond);
  EXPECT_EQ(last({"--last", "0.5h"}).window, 1800 * kSecond);
  EXPECT_EQ(last({"--last", "5M"}).bytes, std::uint64_t{5} << 20U);
  EXPECT_EQ(last({"--last", "5M"}).window, 0U);
  EXPECT_EQ(last({"--last", "2g,1m"}).bytes, std::uint64_t{2} << 30U);
  EXPECT_EQ(last({"--last", "2g,1m"}).window, 60 * kSecond);
  EXPECT_EQ(last({"--last", "1M", "--after", "1.5"}).after, 3 * kSecond / 2);
  EXPECT_EQ(last({"--last", "1M", "--after", "2m"}).after, 120 * kSecond);
  const FlightOptions triggers = last({"--last", "1M", "--trigger", "drop,aborted", "--trigger",
                                       "filter:icmp", "--trigger", "pass"});
  EXPECT_EQ(triggers.actions, (std::vector<XdpAction>{XdpAction(0), XdpAction(1), XdpAction(2)}));
  EXPECT_EQ(triggers.filters.at(0).text, "icmp");
  const Options fates = parse({"--last", "1M", "--trigger", "fate:failed"});
  EXPECT_TRUE(fates.fates.value().takes_all());
  EXPECT_EQ(fates.trigger_fates.value().text(), "failed");
  EXPECT_FALSE(parse({}).files.flight.has_value());
  EXPECT_EQ(parse({"--last", "1M", "-W", "3"}).files.limits.rotation.ring, 3U);
}

TEST(LimitOptions, ACommandHasToBeThere) {
  EXPECT_EQ(limits({"-z", "true"}).command, "true");
  EXPECT_EQ(limits({"-z", "/bin/sh"}).command, "/bin/sh");
  for (const char* missing : {"no-such-command", "/no/such/command", "gzip -9", "/tmp"}) {
    EXPECT_THAT(error({"-z", missing}), HasSubstr("-z: there is no program ")) << missing;
  }
}

TEST(HabitOptions, WTakesTheOutput) {
  const Options options = test::parse({"-w", "file", "/hook", "tcp", "port", "80"});
  EXPECT_EQ(options.sources.names, Names{"/hook"});
  EXPECT_EQ(options.files.path, "file");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_TRUE(test::parse({"-w", "-", "/hook"}).quiet);
  EXPECT_THAT(test::error({"-w", "file"}), HasSubstr("missing <hook>"));
}

TEST(HabitOptions, WhatTcpdumpsUsersTypeIsAccepted) {
  EXPECT_EQ(parse({"-n"}).sources.names, Names{"/hook"});
  EXPECT_EQ(parse({"-nn", "-U", "-p", "-l"}).sources.names, Names{"/hook"});
  EXPECT_EQ(parse({"-nnpU", "-s0", "-c5"}).files.limits.packets, 5U);
}

TEST(HabitOptions, WhatCannotBeIsRefused) {
  EXPECT_THAT(error({"-w", "-", "--print"}), HasSubstr("--print: "));
  EXPECT_THAT(error({"-w", "-", "-z", "gzip"}), HasSubstr("-z: "));
}

}  // namespace
}  // namespace xdpcap
