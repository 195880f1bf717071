// SPDX-License-Identifier: BSD-3-Clause
// -r, and the options of tcpdump that say how packets are printed.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "cli/parsing.hpp"

namespace xdpcap {
namespace {

using test::error;
using test::error_and_hint;
using test::parse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(ReadOptions, AllWordsAreTheFilter) {
  const Options options = parse({"-r", "in.pcap", "tcp", "port", "80"});
  EXPECT_EQ(options.read.value().input, "in.pcap");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_TRUE(options.files.print);
  EXPECT_THAT(options.sources.names, IsEmpty());
}

TEST(ReadOptions, AFileIsWrittenInsteadOfPrintingUnlessBothAreAskedFor) {
  EXPECT_FALSE(parse({"-r", "in", "-w", "out"}).files.print);
  EXPECT_EQ(parse({"-r", "-", "-w", "out"}).files.path, "out");
  EXPECT_TRUE(parse({"-r", "in", "-w", "out", "--print"}).files.print);
  EXPECT_EQ(error({"-r", "in", "-w", "-", "--print"}), "--print: stdout has the capture already");
}

TEST(ReadOptions, SourcesAreNamesInTheFile) {
  EXPECT_THAT(parse({"-r", "in", "-i", "prog:", "-i", "veth1/XDPdrop"}).sources.names,
              ElementsAre("prog:", "veth1/XDPdrop"));
}

TEST(ReadOptions, FatesAreSelected) {
  EXPECT_EQ(parse({"-r", "in", "--fate=NO_SOCKET"}).fates.value().text(), "no_socket");
  EXPECT_EQ(parse({"-r", "in", "--only-failed"}).fates.value().text(), "failed");
  EXPECT_EQ(error_and_hint({"-r", "in", "--fate"}),
            "--fate: the file says what became of its packets, and it is printed anyway; "
            "--fate=LIST selects packets");
}

TEST(ReadOptions, WhatIsAboutCapturesIsRefused) {
  for (const std::vector<std::string>& option :
       std::vector<std::vector<std::string>>{{"--wait"},
                                             {"--stack"},
                                             {"-C", "1"},
                                             {"--last", "5s"},
                                             {"-Z", "root"},
                                             {"--sample", "2"},
                                             {"--json"},

                                             {"--ingress"},
                                             {"-z", "gzip"},
                                             {"--duration", "1"},
                                             {"--cpu", "1"},
                                             {"--method", "hook"}}) {
    std::vector<std::string> words = {"-r", "in"};
    words.insert(words.end(), option.begin(), option.end());
    EXPECT_EQ(error(words), option.front() + " does not go with -r");
  }
  EXPECT_TRUE(parse({"-nnvvXSs", "0", "-r", "in"}).read.has_value());
  EXPECT_EQ(error({"-s", "96", "-r", "in"}), "-s: packets of a file are as long as they are");
  EXPECT_EQ(error({"-r", "a", "-r", "b"}), "-r is given more than once");
  EXPECT_EQ(error({"--since", "+1", "/hook", "out"}), "--since needs -r");
  EXPECT_EQ(error({"-r", "in", "--linktype", "RAW"}), "-r: the file says what its link type is");
  EXPECT_THAT(error({"-r", "in", "--until", "noon"}), HasSubstr("--until: \"noon\" is not a time"));
}

TEST(PrintOptions, AreHandedOnToTcpdump) {
  const PrintStyle style =
      parse({"-e", "-vvX", "-#", "-tttt", "--color=always", "/hook", "out"}).files.print_style;
  EXPECT_THAT(style.words, ElementsAre("-e", "-v", "-v", "-X"));
  EXPECT_THAT(parse({"-uTrtp", "-m", "a", "-m", "b", "/hook", "out"}).files.print_style.words,
              ElementsAre("-u", "-T", "rtp", "-m", "a", "-m", "b"));
  EXPECT_EQ(style.time, PrintTime::date);
  EXPECT_EQ(style.color, Color::always);
  EXPECT_TRUE(style.number);
  const auto arguments = style.arguments();
  const PrintStyle again = PrintStyle::of_arguments(arguments);
  EXPECT_EQ(again.words, style.words);
  EXPECT_EQ(again.time, style.time);
  EXPECT_EQ(again.color, style.color);
  EXPECT_EQ(again.number, style.number);
}

TEST(PrintOptions, AreJoinedAsTcpdumpsUsersTypeThem) {
  const Options options = parse({"-nnvvXSs96", "-tc", "5", "-i", "eth0"});
  EXPECT_THAT(options.files.print_style.words, ElementsAre("-v", "-v", "-X", "-S"));
  EXPECT_EQ(options.files.print_style.time, PrintTime::none);
  EXPECT_EQ(options.snaplen, 96U);
  EXPECT_EQ(options.files.limits.packets, 5U);
  EXPECT_THAT(parse({"-ni", "eth0"}).sources.names, ElementsAre("eth0"));
  EXPECT_EQ(error({"-vz9", "/hook", "out"}), "-z: there is no program 9");
  EXPECT_EQ(error({"-vYme", "/hook", "out"}), "unknown option -Y in -vYme");
}

TEST(PrintOptions, QuietHasTwoMeanings) {
  EXPECT_TRUE(parse({"-q", "/hook", "out"}).quiet);
  EXPECT_THAT(parse({"-q", "/hook", "out"}).files.print_style.words, ElementsAre("-q"));
  EXPECT_TRUE(parse({"--quiet", "/hook", "out"}).quiet);
  EXPECT_THAT(parse({"--quiet", "/hook", "out"}).files.print_style.words, IsEmpty());
}

TEST(PrintOptions, ThereAreFiveTimes) {
  EXPECT_EQ(parse({"-ttttt", "/hook", "out"}).files.print_style.time, PrintTime::since_first);
  EXPECT_EQ(error({"-tttttt", "/hook", "out"}), "there are only -t, -tt, -ttt, -tttt and -ttttt");
}

}  // namespace
}  // namespace xdpcap
