// SPDX-License-Identifier: BSD-3-Clause
// Filter and actions of a running capture are changed as Wireshark's toolbar does it, through two
// FIFOs. What is said in them is written here by hand, after Wireshark's documentation.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/capture_reader.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

using namespace std::string_literals;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kSet = 1;
constexpr char kDisable = 5;
constexpr char kStatus = 6;
constexpr char kFilter = 0;
constexpr char kDrop = 2;
constexpr const char* kFirst = "len = 60 or len = 61";
constexpr const char* kSecond = "len = 60 or len = 62";

struct Said {
  char control;
  char command;
  std::string value;
};

std::string message(char control, char command, const std::string& value) {
  const std::size_t length = value.size() + 2;
  return "T"s + static_cast<char>(length >> 16U) + static_cast<char>(length >> 8U) +
         static_cast<char>(length) + control + command + value;
}

Packet numbered(std::uint32_t number, std::uint32_t action, std::size_t size) {
  Packet packet = packet_for(action, size);
  std::memcpy(&packet[20], &number, sizeof(number));
  return packet;
}

std::uint32_t number_of(const Packet& packet) {
  std::uint32_t number = 0;
  std::memcpy(&number, &packet.at(20), sizeof(number));
  return number;
}

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

class ToolbarTest : public GuardianTest {
 protected:
  ToolbarTest() : in_(make_fifo("in")), out_(make_fifo("out")) {}

  [[nodiscard]] std::vector<std::string> capture(const std::string& filter,
                                                 std::vector<std::string> more = {}) const {
    std::vector<std::string> words = {"--capture",
                                      "--extcap-interface",
                                      "xdpcap:" + hook_path_,
                                      "--fifo",
                                      file_,
                                      "--extcap-control-in",
                                      files_.path("in"),
                                      "--extcap-control-out",
                                      files_.path("out"),
                                      "--extcap-capture-filter",
                                      filter};
    words.insert(words.end(), more.begin(), more.end());
    return tool(words);
  }

  void tell(const std::string& bytes) const {
    ASSERT_EQ(::write(in_.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void initialize() const { tell(message('\xff', 0, "")); }

  // What it has said since the last call.
  std::vector<Said> heard() {
    std::array<char, 4096> buffer{};
    for (ssize_t size = 0; (size = ::read(out_.get(), buffer.data(), buffer.size())) > 0;) {
      bytes_.append(buffer.data(), static_cast<std::size_t>(size));
    }
    std::vector<Said> all;
    while (bytes_.size() >= 6) {
      EXPECT_EQ(bytes_[0], 'T');
      const std::size_t length = std::size_t{static_cast<unsigned char>(bytes_[2])} * 256 +
                                 static_cast<unsigned char>(bytes_[3]);
      if (bytes_.size() < 4 + length) break;
      all.push_back({bytes_[4], bytes_[5], bytes_.substr(6, length - 2)});
      bytes_.erase(0, 4 + length);
    }
    return all;
  }

  // Waits for the next text in the status bar.
  std::string status() {
    std::string text;
    EXPECT_TRUE(eventually([&] {
      for (const Said& one : heard()) {
        if (one.command == kStatus) text = one.value;
      }
      return !text.empty();
    }));
    return text;
  }

  std::string set(char control, const std::string& value) {
    tell(message(control, kSet, value));
    return status();
  }

  void send_one_of_each(std::size_t size) {
    for (std::uint32_t action = 0; action < 5; ++action) {
      program_.run(numbered(sent_++, action, size));
    }
  }

  // Returns what it printed.
  std::string stop(Process& capture) {
    capture.signal(SIGTERM);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, 0) << result.err;
    expect_clean();
    const PcapngFile file = read_pcapng(file_);
    expect_exact_accounts(file);
    EXPECT_EQ(file.total().received, sent_);
    EXPECT_EQ(file.total().dropped, 0U);
    return result.err;
  }

  // How often each packet is in the file.
  [[nodiscard]] std::map<std::uint32_t, int> written() const {
    std::map<std::uint32_t, int> times;
    for (const Packet& packet : read_bytes(file_)) ++times[number_of(packet)];
    return times;
  }
  [[nodiscard]] std::vector<std::string> comments() const {
    std::vector<std::string> all;
    for (const ReadPacket& packet : read_with_tshark(file_)) all.push_back(packet.comment);
    return all;
  }

  std::uint32_t sent_ = 0;

 private:
  UniqueFd make_fifo(const std::string& name) const {
    EXPECT_EQ(::mkfifo(files_.path(name).c_str(), 0600), 0);
    return UniqueFd(::open(files_.path(name).c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  }

  UniqueFd in_;
  UniqueFd out_;
  std::string bytes_;
};

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
