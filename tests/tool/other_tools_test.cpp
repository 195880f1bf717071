// SPDX-License-Identifier: BSD-3-Clause
// The manual's table of the options of tcpdump and dumpcap: it has all that the installed tools
// name, and each row is true. It may have more, as newer tools do.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/request.hpp"
#include "support/capture_reader.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::StartsWith;

using Words = std::vector<std::string>;

struct Row {
  Words names;
  std::string value;    // an example; empty for a flag
  std::string verdict;  // the first word of what is said: Works, Ignored, Refused, ...
};

std::string plain_manual() {
  const std::string text = read_file(std::string(SOURCE_FOLDER) + "/capture/man/xdpcap-cpp.1");
  return std::regex_replace(text, std::regex(R"(\\(-))"), "$1");
}

std::string between(const std::string& text, const std::string& begin, const std::string& end) {
  const std::size_t from = text.find(begin);
  if (from == std::string::npos) return {};
  return text.substr(from, text.find(end, from + 1) - from);
}

// Of `tool`: ".TP", then .B "NAME, NAME VALUE", then what is said.
std::vector<Row> rows_of(const std::string& tool) {
  const std::string section =
      between(plain_manual(), "\n.SH OPTIONS OF TCPDUMP AND DUMPCAP\n", "\n.SH SOURCES");
  const std::string table = between(section, "\n.SS " + tool + "\n", "\n.SS ");
  std::vector<Row> rows;
  const std::regex row("\\.TP\n\\.B \"([^\"]+)\"\n([A-Z][a-z]+)");
  for (std::sregex_iterator match(table.begin(), table.end(), row), end; match != end; ++match) {
    Row found{{}, {}, (*match)[2]};
    const std::string tag = (*match)[1];
    for (std::string_view word : split(tag, ' ')) {
      if (word.ends_with(',')) word.remove_suffix(1);
      if (word.starts_with('-')) {
        found.names.emplace_back(word);
      } else {
        found.value = word;
      }
    }
    rows.push_back(std::move(found));
  }
  return rows;
}

Words names_in(const std::vector<Row>& rows) {
  Words names;
  for (const Row& row : rows) names.insert(names.end(), row.names.begin(), row.names.end());
  return names;
}

void add_matches(const std::string& text, const std::regex& regex, std::set<std::string>& names) {
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    names.insert((*match)[1]);
  }
}

// "-A", ... of "[-AbdDef#]", and "-B", "--count", ... of "[ -B size ] [--count]".
std::set<std::string> options_of_tcpdump() {
  const ProcessResult help = run({"sh", "-c", "tcpdump --help 2>&1"});
  std::set<std::string> names;
  std::smatch flags;
  if (std::regex_search(help.out, flags, std::regex(R"(\[-([^\]\s]+)\])"))) {
    for (const char letter : flags[1].str()) names.insert({'-', letter});
  }
  add_matches(help.out, std::regex(R"(\[ ?(-[A-Za-z]) [a-z])"), names);
  add_matches(help.out, std::regex(R"(\[ ?(--[a-z-]+))"), names);
  // Long names are only in the manual, which not every machine has.
  const ProcessResult manual = run({"sh", "-c", "zcat -f /usr/share/man/man?/tcpdump.?* 2>&1"});
  const std::string page = std::regex_replace(manual.out, std::regex(R"(\\-)"), "-");
  add_matches(page, std::regex(R"(\n\.BI? (--[a-z-]+))"), names);
  return names;
}

std::set<std::string> options_of_dumpcap() {
  const ProcessResult help = run({"sh", "-c", "dumpcap --help 2>&1"});
  std::set<std::string> names;
  add_matches(help.out, std::regex(R"(\n {2}(--?[A-Za-z-]+))"), names);
  add_matches(help.out, std::regex(R"(\n {2}-[A-Za-z][^\n]*, (--[a-z-]+))"), names);
  return names;
}

TEST(OtherTools, TheManualHasAllOptionsOfTcpdump) {
  const std::set<std::string> options = options_of_tcpdump();
  ASSERT_GT(options.size(), 45U);
  const Words documented = names_in(rows_of("tcpdump"));
  for (const std::string& option : options) EXPECT_THAT(documented, Contains(option));
}

TEST(OtherTools, TheManualHasAllOptionsOfDumpcap) {
  const std::set<std::string> options = options_of_dumpcap();
  ASSERT_GT(options.size(), 40U);
  const Words documented = names_in(rows_of("dumpcap"));
  for (const std::string& option : options) EXPECT_THAT(documented, Contains(option));
}

// As the parser reads them: nothing is wrong with them in a capture, or alone.
bool is_accepted(const Words& option) {
  for (const Words& others : {Words{}, {"/hook"}, {"/hook", "out"}, {"-C", "1", "/hook", "out"}}) {
    Words words = option;
    words.insert(words.end(), others.begin(), others.end());
    try {
      parse_options(words);
      return true;
    } catch (const UsageError&) {
      continue;
    }
  }
  return false;
}

void expect_refused(const Words& option, const Words& others) {
  Words command = {XDPCAP_CPP};
  command.insert(command.end(), option.begin(), option.end());
  command.insert(command.end(), others.begin(), others.end());
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 1) << option[0];
  EXPECT_THAT(result.err, StartsWith("xdpcap-cpp: " + option[0])) << option[0];
  EXPECT_THAT(result.err, HasSubstr("; ")) << option[0];  // what to do instead
  EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
}

class OtherToolsTest : public ::testing::TestWithParam<std::string> {};

INSTANTIATE_TEST_SUITE_P(All, OtherToolsTest, ::testing::Values("tcpdump", "dumpcap"),
                         [](const auto& info) { return info.param; });

TEST_P(OtherToolsTest, EachRowIsTrue) {
  const Words of_tcpdump = names_in(rows_of("tcpdump"));
  std::set<std::string> verdicts;
  for (const Row& row : rows_of(GetParam())) {
    verdicts.insert(row.verdict);
    for (const std::string& name : row.names) {
      SCOPED_TRACE(name);
      Words option = {name};
      if (!row.value.empty()) option.push_back(row.value);
      if (row.verdict == "Works" || row.verdict == "Ignored") {
        EXPECT_TRUE(is_accepted(option));
      } else if (row.verdict == "Refused") {
        expect_refused(option, {"/hook", "out", "icmp"});
      } else {
        EXPECT_EQ(row.verdict, "Tcpdump");  // "Tcpdump's: "
        EXPECT_THAT(of_tcpdump, Contains(name));
      }
    }
  }
  EXPECT_GE(verdicts.size(), 3U);
}

TEST_F(ToolTest, WhatTcpdumpsUsersTypeIsCaptured) {
  Process capture(tool({"-nnvvXSs", "0", hook_path_, "-ftttt", "--immediate-mode", "-w", file_,
                        "ether[0]", "=", "1", "-Uc2", "-Qin", "--nano", "-j", "host"}));
  ASSERT_TRUE(eventually([&] { return hook_is_filled(); })) << capture.err();
  program_.run(packet_for(XDP_PASS), 3);
  program_.run(packet_for(XDP_DROP), 3);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(read_bytes(file_).size(), 2U);
}

}  // namespace
}  // namespace xdpcap::test
