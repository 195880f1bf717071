// SPDX-License-Identifier: BSD-3-Clause
// The manual matches the tool: it has exactly the options of the command line, and its examples
// run. Options in the other pages exist, and their links resolve.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "cli/request.hpp"
#include "tool/replay_fixture.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kSource = SOURCE_FOLDER;
const std::vector<std::string> kPages = {"/capture/man/xdpcap-cpp.1", "/capture/man/xdpcap-cpp.5",
                                         "/bpf/hook/xdpcap.3"};

// The page's source without what only the formatter reads in a line: "\fB\-\-list\fR" is "--list".
std::string plain_source(const std::string& page) {
  std::string text = read_file(kSource + page);
  text = std::regex_replace(text, std::regex(R"(\\f[BIRP])"), "");
  return std::regex_replace(text, std::regex(R"(\\([-e]))"), "$1");
}

// "/README.md", "/capture/fate/README.md", ...: all that are part of the project.
std::vector<std::string> markdown_pages() {
  std::vector<std::string> pages = {"/README.md"};
  for (const char* folder : {"/.github", "/bpf", "/capture", "/pcaps", "/tests"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource + folder)) {
      if (entry.path().extension() == ".md") {
        pages.push_back(entry.path().string().substr(kSource.size()));
      }
    }
  }
  return pages;
}

// The anchors of its headings, as GitHub makes them: "## When it fails" is "when-it-fails".
std::set<std::string> anchors_of(const std::string& markdown) {
  std::set<std::string> anchors;
  for (const std::string_view line : split(markdown, '\n')) {
    const std::size_t begin = line.find_first_not_of('#');
    if (begin == 0 || begin == std::string_view::npos || line[begin] != ' ') continue;
    std::string anchor;
    for (const char character : line.substr(begin + 1)) {
      const auto byte = static_cast<unsigned char>(character);
      if (std::isalnum(byte) != 0 || character == '-' || character == '_') {
        anchor += static_cast<char>(std::tolower(byte));
      } else if (character == ' ') {
        anchor += '-';
      }
    }
    anchors.insert(anchor);
  }
  return anchors;
}

std::string section(const std::string& text, const std::string& name) {
  const std::size_t begin = text.find("\n.SH " + name + "\n");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find("\n.SH ", begin + 1) - begin);
}

// "Capture: --actions ACTIONS", "Capture: --fate[=LIST]", for each name of each option.
std::set<std::string> documented_options() {
  const std::string options = section(plain_source(kPages[0]), "OPTIONS");
  std::set<std::string> found;
  // The tag is the line after .TP: macro, then names and value, with or without quotes.
  for (std::size_t at = options.find("\n.TP\n"); at != std::string::npos;
       at = options.find("\n.TP\n", at + 1)) {
    std::string tag = options.substr(at + 5, options.find('\n', at + 5) - at - 5);
    tag.erase(0, tag.find(' '));
    tag.erase(std::remove(tag.begin(), tag.end(), '"'), tag.end());
    std::string value;
    std::vector<std::string> names;
    for (std::string_view word : split(tag, ' ')) {
      while (!word.empty() && word.back() == ',' && word.front() == '-') word.remove_suffix(1);
      if (word.empty() || word == ",") continue;
      if (word.front() == '-') {
        names.emplace_back(word);
      } else {
        value = (word.front() == '[' ? "" : " ") + std::string(word);
      }
    }
    const std::size_t heading = options.rfind("\n.SS ", at) + 5;
    const std::string group = options.substr(heading, options.find('\n', heading) - heading);
    for (const std::string& name : names) found.insert(group + ": " + name + value);
  }
  return found;
}

std::set<std::string> declared_options() {
  std::set<std::string> declared;
  for (const OptionSummary& option : option_summaries()) {
    for (const std::string& name : option.names) {
      const std::string space = option.value.empty() || option.value_is_joined() ? "" : " ";
      declared.insert(option.group + ": " + name + space + option.value);
    }
  }
  return declared;
}

TEST(Manual, HasTheOptionsOfTheHelpUnderItsHeadings) {
  EXPECT_EQ(documented_options(), declared_options());
}

TEST(Manual, ShowsOnlyOptionsThatThereAre) {
  std::set<std::string> names;
  for (const OptionSummary& option : option_summaries()) {
    names.insert(option.names.begin(), option.names.end());
  }
  std::vector<std::string> pages = markdown_pages();
  pages.push_back(kPages[0]);
  for (const std::string& page : pages) {
    const std::string text = plain_source(page);
    const std::regex command(R"(xdpcap-cpp((?: +--?[a-z][-a-z]*)+))");
    for (std::sregex_iterator match(text.begin(), text.end(), command), end; match != end;
         ++match) {
      const std::string options = (*match)[1];
      for (const std::string_view word : split(options, ' ')) {
        if (word.empty()) continue;
        const std::string two_dashes = word.size() > 2 && word[1] != '-' ? "-" : "";
        EXPECT_THAT(names, ::testing::Contains(two_dashes + std::string(word))) << page;
      }
    }
  }
}

TEST(Manual, LinksOfThePagesLeadSomewhere) {
  std::size_t links = 0;
  for (const std::string& page : markdown_pages()) {
    const std::string text = read_file(kSource + page);
    const std::regex link(R"(\]\(([^)#\s]*)(?:#([^)\s]*))?\))");
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const std::string target = (*match)[1];
      const std::string anchor = (*match)[2];
      if (target.starts_with("http")) continue;
      ++links;
      std::filesystem::path file = kSource + page;
      if (!target.empty()) file = file.parent_path() / target;
      ASSERT_TRUE(std::filesystem::exists(file)) << page << ": " << target;
      if (!anchor.empty()) {
        EXPECT_THAT(anchors_of(read_file(file.string())), ::testing::Contains(anchor)) << page;
      }
    }
  }
  EXPECT_GT(links, 50U);
}

// `capture/filter/codegen.cpp`, as the contributor's page names files.
TEST(Manual, FilesThatTheContributorsPageNamesExist) {
  const std::string text = read_file(kSource + "/.github/CONTRIBUTING.md");
  const std::regex name("`((?:\\.ci|bpf|capture|pcaps|tests)/[-A-Za-z0-9_./@]+)`");
  std::size_t files = 0;
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
    ++files;
    EXPECT_TRUE(std::filesystem::exists(kSource + "/" + (*match)[1].str())) << (*match)[1];
  }
  EXPECT_GT(files, 40U);
}

TEST(Manual, IsCleanForItsFormatters) {
  for (const std::string& page : kPages) {
    const ProcessResult mandoc = run({"mandoc", "-T", "lint", "-W", "warning", kSource + page});
    EXPECT_EQ(mandoc.exit_code, 0) << mandoc.out;
    const ProcessResult groff = run({"groff", "-man", "-ww", "-z", "-Tutf8", kSource + page});
    EXPECT_EQ(groff.exit_code, 0);
    EXPECT_THAT(groff.err, IsEmpty()) << page;
  }
}

// The lines of EXAMPLES that begin with "# ".
std::vector<std::string> examples() {
  std::vector<std::string> commands;
  const std::string text = section(plain_source(kPages[0]), "EXAMPLES");
  for (const std::string_view line : split(text, '\n')) {
    if (line.starts_with("# ")) commands.emplace_back(line.substr(2));
  }
  return commands;
}

TEST_F(ToolTest, TheExamplesOfTheManualRun) {
  const std::string program_id = id_of(program_.fd());
  // A tool that gets its Ctrl-C after some seconds, and the others of a pipeline no signal.
  const std::string folder = files_.path("bin");
  std::filesystem::create_directory(folder);
  std::ofstream(folder + "/xdpcap-cpp")
      << "#!/bin/sh\nexec timeout --preserve-status --signal=INT 3 " XDPCAP_CPP " \"$@\"\n";
  std::filesystem::permissions(folder + "/xdpcap-cpp", std::filesystem::perms::owner_all);
  std::filesystem::copy(kSource + "/pcaps/lab-udp.pcap", files_.path("old.pcap"));
  const std::string with_program = "--prog " + program_id;
  const std::string surroundings = "cd " + files_.path("") + "; PATH=" + folder + ":$PATH; ";
  std::vector<std::unique_ptr<Process>> running;
  for (const std::string& example : examples()) {
    std::string command =
        std::regex_replace(example, std::regex("/sys/fs/bpf/xdpcap\\b"), hook_path_);
    command = std::regex_replace(command, std::regex("-i eth0"), "-i " + hook_path_);
    command = std::regex_replace(command, std::regex("--prog \\S+"), with_program);
    running.push_back(
        std::make_unique<Process>(std::vector<std::string>{"sh", "-c", surroundings + command}));
  }
  ASSERT_GE(running.size(), 5U);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(files_.path("dropped.pcap")); }));
  std::this_thread::sleep_for(std::chrono::seconds(1));
  for (std::uint32_t i = 0; i < 10; ++i) program_.run(packet_for(i % 5, 100 + i));
  for (std::size_t i = 0; i < running.size(); ++i) {
    const ProcessResult result = running[i]->wait();
    EXPECT_EQ(result.exit_code, 0) << examples()[i] << ": " << result.err;
    EXPECT_THAT(result.err, Not(HasSubstr("xdpcap-cpp: "))) << examples()[i];
  }
}

}  // namespace
}  // namespace xdpcap::test
