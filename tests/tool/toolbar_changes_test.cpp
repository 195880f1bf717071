// SPDX-License-Identifier: BSD-3-Clause
// The packets of a capture that Wireshark's toolbar changes.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tool/toolbar_fixture.hpp"

namespace xdpcap::test {
namespace {

using namespace std::string_literals;
using ::testing::SizeIs;

// The numbers that stand before these words, in order.
std::vector<std::uint64_t> numbers_before(const std::string& text, const std::string& words) {
  std::vector<std::uint64_t> numbers;
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t end = line.find(words);
    if (end == std::string_view::npos) continue;
    numbers.push_back(parse_number<std::uint64_t>(line.substr(0, end)).value());
  }
  return numbers;
}

// A packet that both filters take is in the file once, whenever it arrives.
TEST_F(ToolbarTest, NoPacketIsLostOrTakenTwiceInAHundredChanges) {
  Process running(capture(kFirst));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));  // until the jumps are patched
  std::jthread sender([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      program_.run(numbered(sent_, XDP_DROP, 60 + sent_ % 3));
      ++sent_;
      // Without pauses, a reader that gets no CPU for a while would lose packets.
      if (sent_ % 10 == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  for (int i = 0; i < 100; ++i) {
    const std::string filter = i % 2 == 0 ? kSecond : kFirst;
    EXPECT_EQ(set(kFilter, filter), "filter=\"" + filter + "\"");
    running.signal(SIGUSR1);
  }
  sender.request_stop();
  sender.join();
  const std::vector<std::uint64_t> received = numbers_before(stop(running), " packets received by");
  EXPECT_THAT(received, SizeIs(::testing::Gt(10)));
  EXPECT_TRUE(std::is_sorted(received.begin(), received.end()));
  const auto times = written();
  std::array<std::uint32_t, 3> found{};
  std::uint32_t missing = 0;
  for (std::uint32_t number = 0; number < sent_; ++number) {
    const auto it = times.find(number);
    if (it == times.end()) {
      missing += number % 3 == 0 ? 1 : 0;
      continue;
    }
    EXPECT_EQ(it->second, 1) << number;
    ++found.at(number % 3);
  }
  EXPECT_EQ(missing, 0U);
  for (const std::size_t one : {1U, 2U}) {
    EXPECT_GT(found.at(one), 0U);
    EXPECT_LT(found.at(one), sent_ / 3);
  }
}

TEST_F(ToolbarTest, ActionsAreChosenAndChosenBack) {
  Process running(capture(""));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  EXPECT_EQ(set(kDrop, "\0"s), "filter=\"\" actions=aborted,pass,tx,redirect");
  send_one_of_each(60);
  EXPECT_EQ(set(kDrop, "\1"s), "filter=\"\"");
  send_one_of_each(60);
  stop(running);
  const auto times = written();
  EXPECT_THAT(times, SizeIs(9));
  EXPECT_FALSE(times.contains(XDP_DROP));  // of the first five
  EXPECT_EQ(comments().at(0), "filter=\"\" actions=aborted,pass,tx,redirect");
  EXPECT_EQ(comments().at(4), "filter=\"\"");
}

// With fates, there is another comment in the packet.
TEST_F(ToolbarTest, AChangeIsAComment) {
  for (const bool fates : {false, true}) {
    sent_ = 0;
    std::filesystem::remove(file_);
    Process running(
        capture("", fates ? std::vector<std::string>{"--fate"} : std::vector<std::string>{}));
    ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
    send_one_of_each(60);
    set(kFilter, kFirst);
    set(kFilter, "len = 61");
    send_one_of_each(60);
    send_one_of_each(61);
    stop(running);
    const auto all = comments();
    ASSERT_THAT(all, SizeIs(10));
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].starts_with("filter=\"len = 61\""), i == 5) << i << ": " << all[i];
    }
  }
}

// Captures that share the hook keep their filters, before and after this one in the chain.
TEST_F(ToolbarTest, OtherCapturesOfTheHookAreLeftAlone) {
  const std::array<std::string, 2> files = {files_.path("first"), files_.path("last")};
  Process first(tool({hook_path_, files[0], "len = 61"}));
  ASSERT_TRUE(wait_until_live(first, files[0])) << first.err();
  Process running(capture(kFirst));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  Process last(tool({hook_path_, files[1], "len = 62"}));
  ASSERT_TRUE(wait_until_live(last, files[1])) << last.err();
  for (const char* filter : {"len = 63", kSecond}) {
    set(kFilter, filter);
    for (const std::size_t size : {61, 62}) send_one_of_each(size);
  }
  set(kDrop, "\0"s);
  for (const std::size_t size : {61, 62}) send_one_of_each(size);
  running.signal(SIGTERM);
  EXPECT_EQ(running.wait().exit_code, 0);
  EXPECT_THAT(written(), SizeIs(5 + 4));
  for (Process* other : {&first, &last}) {
    other->signal(SIGTERM);
    EXPECT_EQ(other->wait().exit_code, 0);
  }
  for (const std::string& file : files) EXPECT_THAT(read_bytes(file), SizeIs(15));
  expect_clean();
}

// The file, the hook and the counts of a killed capture are as after any other; its packets are in
// the rings when it is killed. Packets still come while nobody but its guardian has the recorders.
TEST_F(ToolbarTest, AKilledCaptureIsCompleted) {
  const Process running(capture(kFirst));
  ASSERT_TRUE(wait_until_live(running, file_)) << running.err();
  const pid_t guard = guardian();
  send_one_of_each(61);
  set(kFilter, kSecond);
  send_one_of_each(62);
  // The comment is in the file.
  EXPECT_TRUE(eventually([&] {
    const auto so_far = read_growing_pcapng(file_);
    return so_far && so_far->packets == 10;
  }));
  running.signal(SIGSTOP);
  send_one_of_each(61);
  send_one_of_each(62);
  ASSERT_EQ(::kill(guard, SIGSTOP), 0);
  running.signal(SIGKILL);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // the kernel empties maps later
  send_one_of_each(62);
  ASSERT_EQ(::kill(guard, SIGCONT), 0);
  expect_clean();
  const PcapngFile file = read_pcapng(file_);
  expect_exact_accounts(file);
  EXPECT_EQ(file.total().received, sent_);
  EXPECT_EQ(file.total().accepted, 20U);
  EXPECT_EQ(file.total().dropped, 0U);
  for (const auto& [number, times] : written()) EXPECT_EQ(times, 1) << number;
  EXPECT_THAT(written(), SizeIs(20));
  EXPECT_EQ(comments().at(5), "filter=\""s + kSecond + '"');
}

}  // namespace
}  // namespace xdpcap::test
