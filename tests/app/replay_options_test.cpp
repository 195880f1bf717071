// SPDX-License-Identifier: BSD-3-Clause
#include "app/replay_options.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.hpp"

namespace xdpcap {
namespace {

using ::testing::HasSubstr;

Options parse(const std::vector<std::string>& arguments) {
  return std::get<Options>(parse_options(arguments));
}

std::string error(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ReplayOptions, AReplayHasNoHook) {
  const Options options = parse({"--replay", "in.pcap", "--prog", "12", "--both", "--via", "eth0",
                                 "out.pcap", "tcp", "port", "80"});
  ASSERT_TRUE(options.replay.has_value());
  EXPECT_EQ(options.replay->input, "in.pcap");
  EXPECT_EQ(options.replay->program, "12");
  EXPECT_EQ(options.replay->interface, "eth0");
  EXPECT_TRUE(options.replay->both);
  EXPECT_EQ(options.hook, "");
  EXPECT_EQ(options.output, "out.pcap");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_FALSE(parse({"/hook", "-"}).replay.has_value());
}

TEST(ReplayOptions, MistakesAreNamed) {
  EXPECT_THAT(error({"--replay", "in.pcap", "out.pcap"}), HasSubstr("--replay: which program?"));
  EXPECT_THAT(error({"--replay", "in.pcap", "--prog", "12"}), HasSubstr("missing <output>"));
  for (const char* option : {"--both", "--prog=12", "--via=eth0"}) {
    EXPECT_THAT(error({option, "/hook", "-"}), HasSubstr("go with --replay")) << option;
  }
  for (const char* option : {"-wait", "-replace", "--ingress", "-buffer=4096", "-watermark=4096"}) {
    EXPECT_THAT(error({option, "--replay", "in.pcap", "--prog", "12", "-"}),
                HasSubstr("is for captures from a hook"))
        << option;
  }
}

}  // namespace
}  // namespace xdpcap
