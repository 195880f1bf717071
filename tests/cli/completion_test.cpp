// SPDX-License-Identifier: BSD-3-Clause
#include "cli/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.hpp"
#include "cli/help.hpp"
#include "cli/request.hpp"
#include "fate/selection.hpp"

namespace xdpcap {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

const std::vector<OptionSummary> kOptions = {{{"--actions"}, "ACTIONS", "which"},
                                             {{"-s", "--snaplen"}, "BYTES", "how much"},
                                             {{"--linktype"}, "TYPE", "link"},
                                             {{"-F"}, "FILE", "file"},
                                             {{"-w"}, "FILE", "output"},
                                             {{"-a"}, "CONDITION", "end"},
                                             {{"-Z"}, "USER", "become"},
                                             {{"--fate"}, "[=LIST]", "fate"},
                                             {{"--ingress"}, "[=IFACES]", "ingress"},
                                             {{"--replay"}, "FILE", "input"},
                                             {{"--prog"}, "PROGRAM", "run"},
                                             {{"--via"}, "IFACE", "by"},
                                             {{"-i"}, "SOURCE", "from"},
                                             {{"-d"}, "", "print"},
                                             {{"--wait"}, "", "wait"}};

std::string complete(const std::vector<std::string>& words,
                     const std::vector<std::string>& hooks = {"/bpf/one", "/bpf/two"}) {
  using Names = std::vector<std::string>;
  return completions(words, {.options = kOptions,
                             .hooks = [&] { return hooks; },
                             .programs =
                                 [] {
                                   return Names{"router", "xdp_pass"};
                                 },
                             .users =
                                 [] {
                                   return Names{"nobody", "root"};
                                 },
                             .interfaces =
                                 [] {
                                   return Names{"eth0", "lo"};
                                 }});
}

TEST(Completion, OptionsWithOneDashOrTwo) {
  EXPECT_EQ(complete({"--wa"}), "--wait\twait\n");
  EXPECT_EQ(complete({"-w"}), "-w\toutput\n-wait\twait\n");
  EXPECT_EQ(complete({"--fa"}), "--fate\tfate\n--fate=\tfate\n");
  EXPECT_EQ(complete({"-s"}), "-s\thow much\n-snaplen\thow much\n");
  EXPECT_THAT(split(complete({"-"}), '\n'), SizeIs(18 + 1));
  EXPECT_EQ(complete({"--nonsense"}), "");
}

TEST(Completion, WhatAnOptionTakes) {
  EXPECT_EQ(complete({"--actions", "d"}), "drop\n");
  EXPECT_EQ(complete({"-actions", "t"}), "tx\n");
  EXPECT_EQ(complete({"--actions", "drop,p"}), "drop,pass\n");
  EXPECT_EQ(complete({"--actions", "drop,pass,"}),
            "drop,pass,aborted\ndrop,pass,tx\ndrop,pass,redirect\n");
  EXPECT_THAT(complete({"--linktype", "EN10"}), StartsWith("EN10MB\n"));
  EXPECT_EQ(complete({"-F", "x"}), ":files\n");
  EXPECT_EQ(complete({"-s", ""}), "");
  EXPECT_EQ(complete({"-Z", "n"}), "nobody\n");
  EXPECT_EQ(complete({"--via", ""}), "eth0\nlo\n");
  EXPECT_EQ(complete({"--prog", "xdp"}), "xdp_pass\n");
  EXPECT_EQ(complete({"--prog", "/sys/fs"}), ":files\n");
  EXPECT_EQ(complete({"-a", "fil"}), "filesize:\nfiles:\n");
  EXPECT_EQ(complete({"-i", ""}), "eth0\nlo\nprog:router\nprog:xdp_pass\n/bpf/one\n/bpf/two\n");
  EXPECT_EQ(complete({"-i", "/bpf/t"}), "/bpf/two\n");
  EXPECT_EQ(complete({"-i", "/sys/"}), ":files\n");
}

TEST(Completion, WhatAnOptionTakesAfterAnEqualsSign) {
  EXPECT_EQ(complete({"--actions=dr"}), "--actions=drop\n");
  EXPECT_EQ(complete({"--actions", "=", "dr"}), "drop\n");
  EXPECT_EQ(complete({"--actions", "="}), complete({"--actions", ""}));
  EXPECT_EQ(complete({"--nonsense=x"}), "");
  EXPECT_EQ(complete({"--fate=q"}), "--fate=queued\n");
  EXPECT_EQ(complete({"--fate=queued,ENET"}), "--fate=queued,ENETDOWN\n");
  EXPECT_EQ(complete({"--ingress=lo,et"}), "--ingress=lo,eth0\n");
  EXPECT_EQ(complete({"--fate", "=", "q"}), "queued\n");
  EXPECT_EQ(complete({"--replay=x"}), ":files\n");
  // Without "=" it is a flag, also if bash has split the word there.
  EXPECT_EQ(complete({"--fate", "/bpf/t"}), "/bpf/two\n");
  EXPECT_EQ(complete({"--fate", "=", "queued", "-a", "duration", ":", "5", "/bpf/t"}),
            "/bpf/two\n");
}

TEST(Completion, OptionsThatChangeWhatFollowsThem) {
  EXPECT_EQ(complete({"-w", "out", "/bpf/t"}), "/bpf/two\n");
  EXPECT_EQ(complete({"-w", "out", "/bpf/two", "x"}), "");
  EXPECT_EQ(complete({"--replay", "in", "--prog", "router", "/bpf/t"}), ":files\n");
  EXPECT_EQ(complete({"--replay", "in", "out", "x"}), "");
  EXPECT_EQ(complete({"-d", "/bpf/t"}), "");
  EXPECT_EQ(complete({"-i", "eth0", "ic"}), "");
}

TEST(Completion, HooksThenFilesThenNothing) {
  EXPECT_EQ(complete({""}), "/bpf/one\n/bpf/two\n");
  EXPECT_EQ(complete({"--wait", "-s", "96", "/bpf/t"}), "/bpf/two\n");
  EXPECT_EQ(complete({"/x"}), ":files\n");
  EXPECT_EQ(complete({""}, {}), ":files\n");
  EXPECT_EQ(complete({"/bpf/one", "o"}), ":files\n");
  EXPECT_THAT(complete({"/bpf/one", "-"}), HasSubstr("--wait\twait\n"));
  EXPECT_EQ(complete({"/bpf/one", "out", "ic"}), "");
  EXPECT_EQ(complete({}), "");
}

TEST(Completion, OptionsAfterOtherWords) {
  EXPECT_EQ(complete({"/bpf/one", "--wa"}), "--wait\twait\n");
  EXPECT_EQ(complete({"/bpf/one", "out", "icmp", "-i", "l"}), "lo\n");
  EXPECT_EQ(complete({"-i", "eth0", "icmp", "--actions", "dr"}), "drop\n");
  EXPECT_EQ(complete({"--wait", "/bpf/one", "-s", "96", ""}), ":files\n");
}

TEST(Completion, TheLastOfJoinedLettersTakesAValue) {
  EXPECT_EQ(complete({"-di", "l"}), "lo\n");
  EXPECT_EQ(complete({"-nnZ", "ro"}), "root\n");
}

TEST(Completion, IsAskedForByItsFirstWord) {
  const auto request = std::get<CompletionRequest>(parse_options({"--complete", "-q", ""}));
  EXPECT_THAT(request.words, ::testing::ElementsAre("-q", ""));
}

// The name of an option's value determines its completions.
TEST(Completion, KnowsTheRealOptions) {
  const CompletionSources sources = completion_sources();
  const auto real = [&](const std::vector<std::string>& words) {
    return completions(words, sources);
  };
  EXPECT_EQ(real({"--actions", "a"}), "aborted\n");
  EXPECT_EQ(real({"--linktype", "RAIF"}), "RAIF1\n");
  for (const char* option : {"-F", "-w", "--replay"}) EXPECT_EQ(real({option, ""}), ":files\n");
  EXPECT_EQ(real({"--fate=red"}), "--fate=redirected\n");
  EXPECT_EQ(real({"-Z", "nobo"}), "nobody\n");
  EXPECT_THAT(split(real({"--via", "l"}), '\n'), Contains("lo"));
  EXPECT_EQ(real({"-b", "d"}), "duration:\n");
  EXPECT_EQ(real({"--last", "1M", "--trigger", "drop,a"}), "drop,aborted\n");
  EXPECT_EQ(real({"--trigger", "f"}), "filter:\nfate:\n");
  EXPECT_EQ(real({"--trigger", "fate:failed,ENX"}), "fate:failed,ENXIO\n");
  EXPECT_EQ(real({"--prog", "/x"}), ":files\n");
  EXPECT_EQ(real({"--replay", "in", "--both", "/sys"}), ":files\n");
  EXPECT_EQ(real({"--dump-ebpf", "x"}), "");
  EXPECT_THAT(real({"--"}), HasSubstr("--help\tPrint this help\n"));
}

TEST(FateSelectionWords, AreThoseThatItTakes) {
  for (const std::string& word : FateSelection::common_words()) {
    EXPECT_NO_THROW(FateSelection::parse(word)) << word;
  }
}

TEST(Help, FitsEightyColumnsAndHasEveryOption) {
  const std::string help = help_text(option_summaries());
  for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 80U) << line;
  for (const OptionSummary& option : option_summaries()) {
    EXPECT_THAT(help, HasSubstr("\n  " + join(option.names, ", "))) << option.names.front();
  }
  EXPECT_THAT(
      help_text({{{"-x", "--a-name-that-is-long"}, "VALUE", "does that"}}),
      HasSubstr("\n  -x, --a-name-that-is-long VALUE\n                          does that\n"));
}

TEST(Help, HasAHeadingForEachGroup) {
  const std::string help = help_text(option_summaries());
  std::size_t at = 0;
  for (const char* heading :
       {"Capture", "Filter", "Files and limits", "Terminal output", "Replay", "Other"}) {
    const std::size_t next = help.find("\n\n" + std::string(heading) + ":\n  -");
    ASSERT_NE(next, std::string::npos) << heading;
    EXPECT_GT(next, at) << heading;
    at = next;
  }
  EXPECT_THAT(help_text({{{"-x"}, "", "one", "A"}, {{"-y"}, "", "two", "B"}}),
              ::testing::ContainsRegex("\nA:\n  -x +one\n\nB:\n  -y +two\n"));
}

TEST(OptionSummaries, HaveNoDoubles) {
  std::vector<std::string> names;
  for (const OptionSummary& option : option_summaries()) {
    EXPECT_FALSE(option.description.empty()) << option.names.front();
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  for (const char* name : {"-q", "--quiet", "-d", "--dd", "-h", "--version", "--list"}) {
    EXPECT_THAT(names, Contains(name).Times(1));
  }
  EXPECT_THAT(names, Not(Contains("--q")));
}

}  // namespace
}  // namespace xdpcap
