// SPDX-License-Identifier: BSD-3-Clause
// -i and the options that go with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/parsing.hpp"
#include "source/source_name.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

TEST(SourceOptions, AllWordsAfterISelectPackets) {
  const Options options = parse({"-i", "eth0", "-w", "out.pcap", "tcp", "port", "80"});
  EXPECT_EQ(options.sources.names, Names{"eth0"});
  EXPECT_FALSE(options.sources.is_plain);
  EXPECT_EQ(options.files.path, "out.pcap");
  EXPECT_FALSE(options.files.print);
  EXPECT_EQ(options.filter_text, "tcp port 80");
}

TEST(SourceOptions, WithoutAFileTheyArePrinted) {
  const Options options = parse({"-ni", "eth0", "-c", "3", "icmp"});
  EXPECT_TRUE(options.files.print);
  EXPECT_EQ(options.files.path, "/dev/null");
}

TEST(SourceOptions, AHookWithoutIIsAsBefore) {
  EXPECT_TRUE(parse({"/hook", "out"}).sources.is_plain);
}

TEST(SourceOptions, SeveralSources) {
  const Options options = parse({"-i", "eth0", "-i", "/sys/fs/bpf/hook", "--interface=map:7"});
  EXPECT_EQ(options.sources.names, (Names{"eth0", "/sys/fs/bpf/hook", "map:7"}));
}

TEST(SourceOptions, HowAndWhere) {
  const Options options = parse({"-i", "eth0", "--method", "trace", "--at", "both"});
  EXPECT_EQ(options.sources.method, Method::trace);
  EXPECT_EQ(options.sources.at, CapturePoint::both);
  EXPECT_THAT(error({"-i", "eth0", "--at", "end"}), HasSubstr("--at: unknown point \"end\""));
}

TEST(SourceName, Kinds) {
  using Kind = SourceName::Kind;
  EXPECT_EQ(parse_source("/sys/fs/bpf/x").kind, Kind::path);
  EXPECT_EQ(parse_source("./map:3").kind, Kind::path);
  EXPECT_EQ(parse_source("map:12").map_id, 12U);
  EXPECT_EQ(parse_source("prog:12").name, "12");
  EXPECT_EQ(parse_source("prog:xdp_pass").kind, Kind::program);
  EXPECT_EQ(parse_source("eth0").kind, Kind::interface);
  const SourceName elsewhere = parse_source("eth0@lab");
  EXPECT_EQ(elsewhere.name, "eth0");
  EXPECT_EQ(elsewhere.network_namespace, "lab");
}

TEST(SourceName, NoNames) {
  for (const char* text : {"", "map:", "map:x", "prog:", "prog:/sys", "eth0@", "@lab"}) {
    EXPECT_THROW(parse_source(text), UsageError) << text;
  }
}

}  // namespace
}  // namespace xdpcap::test
