// SPDX-License-Identifier: BSD-3-Clause

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

using test::error;
using test::parse;
using ::testing::HasSubstr;

TEST(ReplayOptions, AReplayHasNoHook) {
  const Options options = parse({"--replay", "in.pcap", "--prog", "12", "--both", "--via", "eth0",
                                 "out.pcap", "tcp", "port", "80"});
  ASSERT_TRUE(options.replay.has_value());
  EXPECT_EQ(options.replay->input, "in.pcap");
  EXPECT_EQ(options.replay->program, "12");
  EXPECT_EQ(options.replay->interface, "eth0");
  EXPECT_TRUE(options.replay->both);
  EXPECT_TRUE(options.sources.names.empty());
  EXPECT_EQ(options.files.path, "out.pcap");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_FALSE(parse({"/hook", "-"}).replay.has_value());
}

TEST(ReplayOptions, MistakesAreNamed) {
  EXPECT_THAT(error({"--replay", "in.pcap", "out.pcap"}), HasSubstr("--replay needs --prog"));
  EXPECT_THAT(error({"--replay", "in.pcap", "--prog", "12"}), HasSubstr("missing <output>"));
  for (const char* option : {"--both", "--prog=12", "--via=eth0"}) {
    EXPECT_THAT(error({option, "/hook", "-"}), HasSubstr(" needs --replay")) << option;
  }
}

TEST(ReplayOptions, DashWNamesTheOutput) {
  const Options options = parse({"--replay", "in.pcap", "--prog", "12", "-w", "out.pcap", "tcp"});
  EXPECT_EQ(options.files.path, "out.pcap");
  EXPECT_EQ(options.filter_text, "tcp");
}

TEST(ReplayOptions, WhatIsAboutPacketsGoesWithThem) {
  const Options options =
      parse({"-s", "96", "-actions", "drop", "-linktype", "RAW", "--offset", "20", "-q", "-nn",
             "--replay", "in.pcap", "--prog", "12", "out.pcap"});
  EXPECT_EQ(options.snaplen, 96U);
  EXPECT_TRUE(options.quiet);
}

// None of them is accepted and then ignored.
TEST(ReplayOptions, WhatIsAboutCapturesIsRefused) {
  for (const std::vector<std::string>& option : std::vector<std::vector<std::string>>{
           {"--wait"},         {"--replace"},        {"--ingress"},
           {"--queue", "1"},   {"--cpu", "1"},       {"--sample", "2"},
           {"--rate", "2"},    {"--buffer", "4096"}, {"--follow"},
           {"--fate"},         {"--only-failed"},    {"--watermark", "4096"},
           {"--print"},        {"--json"},           {"-d"},
           {"--dump-ebpf"},    {"--duration", "1"},  {"-c", "3"},
           {"-C", "1"},        {"-G", "1"},          {"-W", "3"},
           {"-z", "gzip"},     {"-Z", "root"},       {"-a", "files:1"},
           {"-i", "eth0"},     {"-r", "x"},          {"--flush"},
           {"-b", "packets:3"}}) {
    std::vector<std::string> words = option;
    words.insert(words.end(), {"--replay", "in.pcap", "--prog", "12", "out.pcap"});
    EXPECT_EQ(error(words), option.front() + " does not go with --replay");
  }
  EXPECT_THAT(error({"-a", "filesize:1", "--replay", "in.pcap", "--prog", "12", "-"}),
              HasSubstr("-a does not go"));
}

}  // namespace
}  // namespace xdpcap
