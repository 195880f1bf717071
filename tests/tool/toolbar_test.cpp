// SPDX-License-Identifier: BSD-3-Clause
// What Wireshark's toolbar is told, and what it may say.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "tool/toolbar_fixture.hpp"

namespace xdpcap::test {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(ToolbarTest, ABadFilterChangesNothing) {
  Process running(capture(kFirst));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  EXPECT_THAT(set(kFilter, "tcp port"),
              AllOf(HasSubstr("filter not changed: "), HasSubstr("syntax error")));
  send_one_of_each(61);
  send_one_of_each(62);
  stop(running);
  EXPECT_THAT(written(), SizeIs(5));
  EXPECT_THAT(comments(), Each(IsEmpty()));
}

TEST_F(ToolbarTest, ShowsWhatIsInForce) {
  Process running(capture(kFirst, {"--actions", "drop,tx"}));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  initialize();
  std::vector<std::string> said;
  EXPECT_TRUE(eventually([&] {
    for (const Said& one : heard()) {
      said.push_back(std::to_string(one.control) + ' ' + std::to_string(one.command) + ' ' +
                     one.value);
    }
    return said.size() >= 9;
  }));
  EXPECT_THAT(said, ElementsAre("0 1 "s + kFirst, "1 1 \0"s, "1 5 ", "2 1 \1", "3 1 \0"s, "3 5 ",
                                "4 1 \1", "5 1 \0"s, "5 5 "));
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait().exit_code, 0);
}

TEST_F(ToolbarTest, SaysWhyNothingCanBeChanged) {
  Process running(capture(kFirst, {"--follow"}));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  initialize();
  std::vector<Said> said;
  EXPECT_TRUE(eventually([&] {
    for (const Said& one : heard()) said.push_back(one);
    return !said.empty() && said.back().command == 2;
  }));
  int disabled = 0;
  std::string text;
  for (const Said& one : said) {
    disabled += one.command == kDisable ? 1 : 0;
    if (one.command == kStatus) text = one.value;
  }
  EXPECT_EQ(disabled, 6);
  EXPECT_THAT(text, HasSubstr("follows reloads"));
  tell(message(kFilter, kSet, kSecond));
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  send_one_of_each(61);
  send_one_of_each(62);
  stop(running);
  EXPECT_THAT(written(), SizeIs(5));
}

// Rubbish and messages in pieces.
TEST_F(ToolbarTest, FindsMessagesInAnyStream) {
  Process running(capture(kFirst));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  tell("rubbish T" + "\xff\xff\xff"s + message(9, kSet, "x") + message(kFilter, 77, "x"));
  const std::string whole = message(kFilter, kSet, kSecond);
  for (const char byte : whole) {
    tell(std::string(1, byte));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(status(), "filter=\""s + kSecond + '"');
  stop(running);
}

TEST_F(ToolbarTest, APipeThatIsNotThereIsAnError) {
  auto words = capture("");
  for (std::string& word : words) {
    if (word == files_.path("in")) word = files_.path("none");
  }
  const ProcessResult result = run(words);
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("opening the toolbar's pipe"));
  EXPECT_TRUE(hook_is_empty());
}

}  // namespace
}  // namespace xdpcap::test
