// SPDX-License-Identifier: BSD-3-Clause
// Options as tcpdump's users type them: joined letters, and options after other words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

using test::error;
using test::error_and_hint;
using test::Names;
using test::parse;
using ::testing::HasSubstr;

TEST(BundleOptions, LettersCanBeJoinedAndTheLastTakesAValue) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"-nnvvXSs", "96", "-qc2", "/hook", "out"},
        {"-nnvvXSs96", "-nqc", "2", "/hook", "out"},
        {"-qnns96", "-c2", "/hook", "out"}}) {
    const Options options = parse(words);
    EXPECT_EQ(options.snaplen, 96U);
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.files.limits.packets, 2U);
    EXPECT_EQ(options.sources.names, Names{"/hook"});
  }
  EXPECT_EQ(parse({"-nieth0", "-wout", "icmp"}).sources.names, Names{"eth0"});
  EXPECT_EQ(parse({"-nieth0", "-wout", "icmp"}).files.path, "out");
}

TEST(BundleOptions, OptionsMayFollowOtherWords) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"/hook", "out", "icmp", "-c", "2", "-q"},
        {"/hook", "-qc2", "out", "icmp"},
        {"/hook", "out", "--quiet", "icmp", "-c2"},
        {"/hook", "icmp", "-q", "-c", "2", "-w", "out"}}) {
    const Options options = parse(words);
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.files.limits.packets, 2U);
    EXPECT_EQ(options.files.path, "out");
    EXPECT_EQ(options.filter_text, "icmp");
  }
  EXPECT_EQ(parse({"-i", "eth0", "icmp", "-w", "x.pcap"}).files.path, "x.pcap");
  EXPECT_EQ(parse({"icmp", "-i", "eth0"}).filter_text, "icmp");
}

TEST(BundleOptions, WordsOfAFilterStayInIt) {
  for (const char* minus : {"-5", "-tcp[12]", "-icmptype", "-(5)", "-ip[0]"}) {
    const std::vector<std::string> words = {"/hook", "-", "ip[2:2]", minus, ">", "20"};
    EXPECT_EQ(parse(words).filter_text, std::string("ip[2:2] ") + minus + " > 20");
  }
  EXPECT_EQ(error_and_hint({"/hook", "-", "ip[2:2]", "-len", ">", "5"}),
            "-len is an option or a part of the filter; options come before the filter; a minus "
            "needs a space: - len");
  EXPECT_EQ(parse({"/hook", "-", "ip[2:2]", "-", "len", ">", "5"}).filter_text,
            "ip[2:2] - len > 5");
  EXPECT_THAT(error({"/hook", "-", "icmp", "--", "-q"}), HasSubstr("filter \"icmp -q\""));
}

TEST(BundleOptions, MessagesNameWhatWasTyped) {
  EXPECT_EQ(error({"-nYc5", "/hook", "-"}), "unknown option -Y in -nYc5");
  EXPECT_EQ(error_and_hint({"/hook", "-", "icmp", "-c"}),
            "-c: its value is missing; write -c COUNT");
  EXPECT_EQ(error({"--snapshot-length", "5", "-s5", "/hook", "-"}),
            "--snapshot-length is given more than once");
  EXPECT_EQ(error({"-w", "out", "--list-interfaces"}), "-w does not go with --list-interfaces");
}

TEST(BundleOptions, OtherNamesMeanTheSame) {
  EXPECT_EQ(parse({"--snapshot-length=64", "/hook", "-"}).snaplen, 64U);
  EXPECT_EQ(parse({"--buffer-size", "64", "/hook", "-"}).ring_bytes, 65536U);
  EXPECT_EQ(parse({"-B", "2M", "/hook", "-"}).ring_bytes, 2U << 20U);
  EXPECT_EQ(parse({"-y", "RAW", "/hook", "-"}).link_type.dlt, 12);
  EXPECT_EQ(parse({"--relinquish-privileges=root", "/hook", "-"}).files.user->id, 0U);
  EXPECT_EQ(error({"-B", "4", "--buffer", "5", "/hook", "-"}), "-B does not go with --buffer");
}

TEST(BundleOptions, WordsOfPrintingNeedNoPrinting) {
  EXPECT_EQ(error({"-uE", "key", "/hook", "out"}), "no error");
  EXPECT_EQ(error({"-nu", "-i", "eth0"}), "no error");
  EXPECT_EQ(error({"--print", "/hook", "out", "--lengths"}),
            "--lengths: packets are printed without it");
}

}  // namespace
}  // namespace xdpcap
