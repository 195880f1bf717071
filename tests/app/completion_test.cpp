// SPDX-License-Identifier: BSD-3-Clause
#include "app/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/help.hpp"
#include "app/options.hpp"
#include "base/text.hpp"

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
                                             {{"--wait"}, "", "wait"}};

std::string complete(const std::vector<std::string>& words,
                     const std::vector<std::string>& hooks = {"/bpf/one", "/bpf/two"}) {
  return completions(words, {kOptions, [&] { return hooks; }});
}

TEST(Completion, OptionsWithOneDashOrTwo) {
  EXPECT_EQ(complete({"--w"}), "--wait\twait\n");
  EXPECT_EQ(complete({"-w"}), "-wait\twait\n");
  EXPECT_EQ(complete({"-s"}), "-s\thow much\n-snaplen\thow much\n");
  EXPECT_THAT(split(complete({"-"}), '\n'), SizeIs(6 + 1));
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
}

TEST(Completion, WhatAnOptionTakesBehindAnEqualsSign) {
  EXPECT_EQ(complete({"--actions=dr"}), "--actions=drop\n");
  EXPECT_EQ(complete({"--actions", "=", "dr"}), "drop\n");
  EXPECT_EQ(complete({"--actions", "="}), complete({"--actions", ""}));
  EXPECT_EQ(complete({"--nonsense=x"}), "");
}

TEST(Completion, HooksThenFilesThenNothing) {
  EXPECT_EQ(complete({""}), "/bpf/one\n/bpf/two\n");
  EXPECT_EQ(complete({"--wait", "-s", "96", "/bpf/t"}), "/bpf/two\n");
  EXPECT_EQ(complete({"/x"}), ":files\n");
  EXPECT_EQ(complete({""}, {}), ":files\n");
  EXPECT_EQ(complete({"/bpf/one", "o"}), ":files\n");
  EXPECT_EQ(complete({"/bpf/one", "-"}), ":files\n");
  EXPECT_EQ(complete({"/bpf/one", "out", "ic"}), "");
  EXPECT_EQ(complete({}), "");
}

TEST(Completion, IsAskedForByItsFirstWord) {
  const auto request = std::get<CompletionRequest>(parse_options({"--complete", "-q", ""}));
  EXPECT_THAT(request.words, ::testing::ElementsAre("-q", ""));
}

// Everything that takes files, actions or a link type says so by its value's name.
TEST(Completion, KnowsTheRealOptions) {
  const auto real = [](const std::vector<std::string>& words) {
    return completions(words, {option_summaries(), [] { return std::vector<std::string>(); }});
  };
  EXPECT_EQ(real({"--actions", "a"}), "aborted\n");
  EXPECT_EQ(real({"--linktype", "RAIF"}), "RAIF1\n");
  EXPECT_EQ(real({"-F", ""}), ":files\n");
  EXPECT_THAT(real({"--"}), HasSubstr("--help\tPrint this help\n"));
}

TEST(Help, FitsEightyColumnsAndTellsEveryOption) {
  const std::string help = help_text(option_summaries());
  for (const std::string_view line : split(help, '\n')) EXPECT_LE(line.size(), 80U) << line;
  for (const OptionSummary& option : option_summaries()) {
    EXPECT_THAT(help, HasSubstr("\n  " + join(option.names, ", "))) << option.names.front();
  }
  EXPECT_THAT(
      help_text({{{"-x", "--a-name-that-is-long"}, "VALUE", "does that"}}),
      HasSubstr("\n  -x, --a-name-that-is-long VALUE\n                          does that\n"));
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
