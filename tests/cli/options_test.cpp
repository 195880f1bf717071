// SPDX-License-Identifier: BSD-3-Clause
#include "cli/request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "cli/parsing.hpp"
#include "support/fate.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::error;
using test::made_fate;
using test::Names;
using test::parse;

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Options, HookOutputAndFilterWords) {
  const Options options = parse({"/hook", "out.pcap", "tcp", "port", "80"});
  EXPECT_EQ(options.sources.names, Names{"/hook"});
  EXPECT_EQ(options.files.path, "out.pcap");
  EXPECT_EQ(options.filter_text, "tcp port 80");
  EXPECT_FALSE(options.quiet);
  EXPECT_EQ(options.actions, std::nullopt);
  EXPECT_EQ(options.ring_bytes, std::nullopt);
  EXPECT_EQ(options.link_type.dlt, 1);
}

TEST(Options, OneDashOrTwo) {
  for (const char* dashes : {"-", "--"}) {
    const auto option = [&](const char* name) { return dashes + std::string(name); };
    const Options options =
        parse({option("actions"), "drop, 4", option("buffer"), "8192", option("watermark=4096"),
               option("flush"), option("q"), option("linktype"), "raw", "/hook", "out"});
    EXPECT_THAT(*options.actions, ElementsAre(XdpAction(1), XdpAction(4)));
    EXPECT_EQ(options.ring_bytes, 8192U);
    EXPECT_EQ(options.watermark, 4096U);
    EXPECT_TRUE(options.quiet);
    EXPECT_EQ(options.link_type.dlt, 12);
  }
}

TEST(Options, SnaplenAsTcpdumpHasIt) {
  EXPECT_EQ(parse({"/hook", "-"}).snaplen, kMaxSnaplen);
  EXPECT_EQ(parse({"-s", "96", "/hook", "-"}).snaplen, 96U);
  EXPECT_EQ(parse({"-s0", "/hook", "-"}).snaplen, kMaxSnaplen);
  EXPECT_EQ(parse({"--snaplen=65535", "/hook", "-"}).snaplen, 65535U);
  EXPECT_EQ(parse({"-snaplen", "64", "/hook", "-"}).snaplen, 64U);
  for (const char* wrong : {"x", "-1", "262145", "96 "}) {
    EXPECT_THAT(error({std::string("-snaplen=") + wrong, "/hook", "-"}), HasSubstr("-s")) << wrong;
  }
}

TEST(Options, FlagsCanBeSetAsGoSetsThem) {
  EXPECT_TRUE(parse({"-q=true", "/hook", "out"}).quiet);
  EXPECT_FALSE(parse({"-q=false", "/hook", "out"}).quiet);
}

TEST(Options, StdoutIsQuiet) {
  EXPECT_TRUE(parse({"/hook", "-"}).quiet);
}

TEST(Options, EndAtTheFirstWord) {
  EXPECT_EQ(parse({"-q", "/hook", "-", "ip[0]", "-", "1", ">", "5"}).filter_text, "ip[0] - 1 > 5");
  EXPECT_EQ(parse({"--", "/hook", "-"}).sources.names, Names{"/hook"});
  EXPECT_EQ(parse({"-a", "packets:5", "/hook", "-", "len", ">", "-1"}).filter_text, "len > -1");
}

TEST(Options, RawFiltersAreTakenAsTheyAre) {
  const Options options = parse({"/hook", "-", "1,6 0 0 262144"});
  ASSERT_EQ(options.filter.size(), 1U);
  EXPECT_EQ(options.filter[0].k, 262144U);
}

TEST(Options, AFilterCanComeFromAFile) {
  const test::TemporaryFolder folder;
  constexpr std::string_view kText = "# web\ntcp # not udp\nport 80\n";
  test::write_file(folder.path("filter"), std::as_bytes(std::span(kText)));
  EXPECT_EQ(parse({"-F", folder.path("filter"), "/hook", "-"}).filter,
            parse({"/hook", "-", "tcp port 80"}).filter);
  EXPECT_THAT(error({"-F", folder.path("filter"), "/hook", "-", "udp"}), HasSubstr("-F: there is"));
  EXPECT_THROW(parse({"-F", folder.path("none"), "/hook", "-"}), Error);
}

TEST(Options, AFilterFileHasAnEnd) {
  const test::TemporaryFolder folder;
  const auto from_file = [&](const std::string& text) {
    test::write_file(folder.path("filter"), std::as_bytes(std::span(text)));
    return std::vector<std::string>{"-F", folder.path("filter"), "/hook", "-"};
  };
  const std::string comment(1024 * 1024 - 4, '#');
  EXPECT_EQ(parse(from_file("ip \n" + comment)).filter, parse({"/hook", "-", "ip"}).filter);
  EXPECT_THAT(error(from_file("ip \n#" + comment)), HasSubstr("filter: it is longer than 1 MiB"));
  EXPECT_THAT(error({"-F", "/dev/zero", "/hook", "-"}), HasSubstr("it is longer than 1 MiB"));
  EXPECT_THAT(error(from_file(std::string("ip\0 and tcp", 11))), HasSubstr("a byte 0"));
  const auto folder_itself = [&] { parse({"-F", folder.path(""), "/hook", "-"}); };
  EXPECT_THAT(folder_itself, ThrowsMessage<Error>(HasSubstr("Is a directory")));
}

TEST(Options, FiltersAtOffsetsAreForIp) {
  const Options options = parse({"--offset", "14,34", "/hook", "-", "icmp"});
  EXPECT_THAT(options.filter_offsets, ElementsAre(14, 34));
  EXPECT_EQ(options.filter, compile_filter("icmp", kRawIp));
  EXPECT_EQ(options.link_type.dlt, 1);
  EXPECT_THAT(error({"--offset", "x", "/hook", "-"}), HasSubstr("x"));
}

TEST(Options, FatesAreTracedOnlyWhenAskedFor) {
  EXPECT_FALSE(parse({"/hook", "-"}).fates);
  EXPECT_TRUE(parse({"--fate", "/hook", "-", "icmp"}).fates.value().takes_all());
  EXPECT_EQ(parse({"--fate", "/hook", "-", "icmp"}).filter_text, "icmp");
  const xdpcap_fate aborted = made_fate(XDPCAP_FATE_EXCEPTION);
  const xdpcap_fate passed = made_fate(XDPCAP_FATE_NONE, 2);
  for (const char* option : {"--only-failed", "-only-failed", "--fate=aborted", "-fate=failed"}) {
    const FateSelection fates = parse({option, "/hook", "-", "icmp"}).fates.value();
    EXPECT_TRUE(fates.takes(aborted, Outcome::aborted)) << option;
    EXPECT_FALSE(fates.takes(passed, Outcome::none)) << option;
  }
  EXPECT_THAT(error({"--fate=vanished", "/hook", "-"}), HasSubstr("\"vanished\" is not a fate"));
  EXPECT_THAT(error({"--fate=dropped", "--only-failed", "/hook", "-"}),
              HasSubstr("--only-failed does not go with --fate=dropped"));
}

TEST(Options, ListingsNeedNoHook) {
  EXPECT_EQ(parse({"-d", "icmp"}).listing, FilterListing::assembly);
  EXPECT_EQ(parse({"-dd", "tcp", "port", "80"}).listing, FilterListing::c_code);
  EXPECT_EQ(parse({"-ddd", "icmp"}).listing, FilterListing::decimal);
  EXPECT_EQ(parse({"--dump-ebpf", "icmp"}).listing, FilterListing::ebpf);
  EXPECT_EQ(parse({"-dd", "tcp", "port", "80"}).filter_text, "tcp port 80");
}

TEST(Options, HelpAndVersionNeedNoHook) {
  for (const char* option : {"-h", "-help", "--help"}) {
    const auto help = std::get<Help>(parse_options({option}));
    for (const char* word : {"<hook>", "--actions", "--buffer", "--watermark", "--linktype"}) {
      EXPECT_THAT(help.text, HasSubstr(word)) << option;
    }
  }
  EXPECT_THAT(std::get<Help>(parse_options({"--version"})).text, HasSubstr("xdpcap-cpp "));
}

TEST(Options, MistakesAreNamed) {
  EXPECT_THAT(error({}), HasSubstr("missing <hook> and <output>"));
  EXPECT_THAT(error({"/hook"}), HasSubstr("missing <output>"));
  EXPECT_THAT(error({"-actions", "dorp", "/hook", "-"}), HasSubstr("unknown action \"dorp\""));
  EXPECT_THAT(error({"-buffer", "lots", "/hook", "-"}),
              HasSubstr("-buffer: invalid size \"lots\""));
  EXPECT_THAT(error({"-watermark", "-1", "/hook", "-"}),
              HasSubstr("-watermark: invalid size \"-1\""));
  EXPECT_THAT(error({"-linktype", "nonsense", "/hook", "-"}), HasSubstr("nonsense"));
  EXPECT_EQ(error({"-nonsense", "/hook", "-"}), "unknown option -o in -nonsense");
  EXPECT_EQ(error({"--", "/hook", "-q", "icmp"}), "the output -q looks like an option");
  EXPECT_EQ(parse({"/hook", "./-q", "icmp"}).files.path, "./-q");
  EXPECT_EQ(error({"-q", "--nonsense=5", "/hook", "-"}), "unknown option --nonsense=5");
  EXPECT_THAT(error({"/hook", "-", "icmp", "and"}), HasSubstr("filter \"icmp and\": can't parse"));
  EXPECT_THAT(error({"/hook", "-", "2,6 0 0 1"}), HasSubstr("filter \"2,6 0 0 1\": "));
}

TEST(Options, MistakesSayWhatToDo) {
  const auto said = [](const std::vector<std::string>& words) {
    return test::error_and_hint(words);
  };
  for (const char* option : {"-Y", "-YY", "--filter"}) {
    EXPECT_EQ(said({option, "/hook", "out"}),
              "unknown option " + std::string(option) + "; -h lists the options");
  }
  EXPECT_EQ(said({"-nvYs", "0", "/hook", "out"}),
            "unknown option -Y in -nvYs; -h lists the options");
  EXPECT_THAT(said({"/hook", "out", "-c 5"}), EndsWith("; options come before the filter"));
  EXPECT_THAT(said({"/hook", "out", "tcp -c 5"}), EndsWith("; options come before the filter"));
  EXPECT_THAT(said({"/hook", "out", "tcp", "prot", "80"}),
              EndsWith("; man pcap-filter has the syntax"));
  EXPECT_EQ(said({"--fate", "dropped", "/hook", "out"}),
            "--fate takes its list after \"=\"; write --fate=dropped");
  EXPECT_EQ(said({"-c", "5x", "/hook", "-"}), "-c: invalid packet count \"5x\"; a number above 0");
  EXPECT_EQ(said({"-s", "abc", "/hook", "-"}),
            "-s: invalid snapshot length \"abc\"; a number of bytes, 0 to 262144");
  EXPECT_THAT(said({"-C", "1.5", "/hook", "o"}), HasSubstr("-C: invalid size \"1.5\"; "));
  EXPECT_THAT(said({"-i", "prog:"}), HasSubstr("-i: \"prog:\" names no source; write "));
  EXPECT_EQ(said({"-i", "eth0", "--method", "fentry"}),
            "--method: unknown method \"fentry\"; the methods are hook, trace and attach");
  EXPECT_EQ(said({"-r", "in", "--wait"}), "--wait does not go with -r; leave one of them out");
  EXPECT_THAT(said({"-z", "gzip -9", "/hook", "o"}),
              HasSubstr("; it takes one program, without arguments"));
  EXPECT_EQ(said({"--replay", "in", "out"}), "--replay needs --prog; add --prog PROGRAM");
}

TEST(Options, AnUnknownOptionIsNamedAsItWasTypedWithTheNearestOne) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"--snaplenn", "--snaplen"}, {"--action", "--actions"},  {"-snaplne=5", "--snaplen"},
      {"--quite", "--quiet"},      {"--dur=5", "--duration"},  {"--onlyfailed", "--only-failed"},
      {"--printt", "--print"},     {"--versoin", "--version"}, {"--hlep", "--help"}};
  for (const auto& [typed, meant] : cases) {
    EXPECT_EQ(test::error_and_hint({typed, "5", "/hook", "out"}),
              "unknown option " + typed + "; did you mean " + meant + "?");
  }
  EXPECT_EQ(error({"--two\nlines", "/hook", "out"}), "unknown option --two?lines");
}

TEST(Options, ValuesAreThereAndGivenOnce) {
  EXPECT_EQ(test::error_and_hint({"-q", "-c"}), "-c: its value is missing; write -c COUNT");
  EXPECT_EQ(test::error_and_hint({"-s", "96", "--snaplen=64", "/hook", "-"}),
            "-s is given more than once; give it once");
  EXPECT_TRUE(parse({"-q", "-q", "/hook", "out"}).quiet);
}

// Scripts write --actions "$ACTIONS" and --wait=$WAIT.
TEST(Options, WhatIsEmptyOrFalseIsNotGiven) {
  EXPECT_EQ(parse({"--actions", "", "--buffer=", "-c", "", "/hook", "-"}).sources.names,
            Names{"/hook"});
  EXPECT_EQ(parse({"--replay=in=", "--prog=12", "out"}).replay->input, "in=");
  EXPECT_FALSE(parse({"--wait", "--wait=false", "/hook", "-"}).sources.wait);
  EXPECT_FALSE(parse({"--wait=false", "--both=false", "--list=0", "/hook", "-"}).sources.wait);
  EXPECT_THAT(error({"--replay", "in", "--prog", "", "out"}), HasSubstr("--replay needs --prog"));
}

TEST(Options, SizesCanHaveUnits) {
  for (const char* size : {"65536", "065536", "64k", "64K", "64KiB", "64kib"}) {
    EXPECT_EQ(parse({"--buffer", size, "/hook", "-"}).ring_bytes, 65536U) << size;
    EXPECT_EQ(parse({"--watermark", size, "/hook", "-"}).watermark, 65536U) << size;
    EXPECT_EQ(parse({"-s", size, "/hook", "-"}).snaplen, 65536U) << size;
  }
  EXPECT_EQ(parse({"-s256k", "/hook", "-"}).snaplen, 262144U);
  EXPECT_EQ(parse({"--buffer", "64MiB", "/hook", "-"}).ring_bytes, 64U << 20U);
  EXPECT_EQ(parse({"--buffer", "1G", "/hook", "-"}).ring_bytes, 1U << 30U);
  for (const char* wrong : {"0", "k", "1t", "1.5m", "99999999999g", "64KB", "iB", "1 k", "0x10"}) {
    EXPECT_THAT(error({"--buffer", wrong, "/hook", "-"}), HasSubstr("--buffer: invalid size"))
        << wrong;
  }
  for (const char* wrong : {"257k", "1M", "k", "x"}) {
    EXPECT_THAT(error({"-s", wrong, "/hook", "-"}), HasSubstr("-s: invalid snapshot length"));
  }
}

TEST(Options, ALongFilterIsNotRepeated) {
  const test::TemporaryFolder folder;
  const std::string text = "tcp prot " + std::string(500'000, 'x');
  test::write_file(folder.path("filter"), std::as_bytes(std::span(text)));
  const std::string message = error({"-F", folder.path("filter"), "/hook", "-"});
  EXPECT_THAT(message, HasSubstr("tcp prot xxx"));
  EXPECT_LT(message.size(), 300U);
}

}  // namespace
}  // namespace xdpcap
