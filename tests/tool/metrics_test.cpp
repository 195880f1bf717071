// SPDX-License-Identifier: BSD-3-Clause
// Captures that only count, and their files of metrics (--metrics).
#include <gmock/gmock.h>

#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "support/capture_reader.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class MetricsTest : public GuardianTest {
 protected:
  // Drops of 60 bytes, and passes of 61.
  void send(std::uint32_t each) const {
    program_.run(packet_for(XDP_DROP, 60), each);
    program_.run(packet_for(XDP_PASS, 61), each);
  }
  [[nodiscard]] std::string value(const std::string& name, const std::string& action = "") const {
    const std::string text = read_file(metrics_);
    std::string series = "\n" + name + "{capture=\"out\"";
    if (!action.empty()) series += ",source=\"" + hook_path_ + "\",action=\"" + action + "\"";
    const std::size_t at = text.find(series + "} ");
    if (at == std::string::npos) return "none";
    const std::size_t begin = at + series.size() + 2;
    return text.substr(begin, text.find('\n', begin) - begin);
  }
  void expect_refused(const std::vector<std::string>& options, const std::string& reason) const {
    const ProcessResult result = run(tool(options));
    EXPECT_NE(result.exit_code, 0);
    EXPECT_THAT(result.err, HasSubstr(reason));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_TRUE(hook_is_empty());
    EXPECT_THAT(names(), IsEmpty());
  }

  std::string metrics_ = files_.path("out.prom");
};

TEST_F(MetricsTest, WithoutAnOutputPacketsAreOnlyCounted) {
  Process capture(tool({"--metrics", metrics_, hook_path_}));
  ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
  EXPECT_EQ(value("xdpcap_up"), "1");
  EXPECT_EQ(value("xdpcap_received_packets_total", "drop"), "0");
  constexpr std::uint32_t kMany = 300'000;  // more than rings hold
  send(kMany);
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("600000 packets matched the filter\n"
                                    "600000 packets received by the hook\n"));
  EXPECT_THAT(result.err, Not(HasSubstr("captured")));
  EXPECT_THAT(result.err, Not(HasSubstr("lost")));
  EXPECT_THAT(names(), ElementsAre("out.prom"));
  EXPECT_EQ(value("xdpcap_up"), "0");
  for (const char* action : {"drop", "pass"}) {
    EXPECT_EQ(value("xdpcap_received_packets_total", action), "300000");
    EXPECT_EQ(value("xdpcap_matched_packets_total", action), "300000");
    EXPECT_EQ(value("xdpcap_lost_packets_total", action), "0");
  }
  EXPECT_EQ(value("xdpcap_matched_packets_total", "tx"), "0");
  EXPECT_EQ(value("xdpcap_written_packets_total", "drop"), "none");
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(MetricsTest, TheFilterAndActionsApply) {
  Process capture(tool(
      {"--metrics", metrics_, "-q", "--actions", "drop,pass", "-i", hook_path_, "len", "=", "61"}));
  ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
  send(100);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(value("xdpcap_received_packets_total", "drop"), "100");
  EXPECT_EQ(value("xdpcap_matched_packets_total", "drop"), "0");
  EXPECT_EQ(value("xdpcap_matched_packets_total", "pass"), "100");
  EXPECT_EQ(value("xdpcap_received_packets_total", "tx"), "none");
}

TEST_F(MetricsTest, WithAnOutputBothAreWritten) {
  Process capture(tool({"--metrics", metrics_, hook_path_, file_, "len", "=", "60"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  send(100);
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("100 packets captured\n"));
  EXPECT_EQ(read_bytes(file_).size(), 100U);
  EXPECT_EQ(value("xdpcap_received_packets_total", "pass"), "100");
  EXPECT_EQ(value("xdpcap_matched_packets_total", "drop"), "100");
  EXPECT_EQ(value("xdpcap_written_packets_total", "drop"), "100");
  EXPECT_EQ(value("xdpcap_lost_packets_total", "drop"), "0");
}

// What comes while it is stopped is in no file that it could have written itself.
TEST_F(MetricsTest, TheGuardianWritesTheLastCounts) {
  for (const std::string& output : {std::string(), file_}) {
    std::vector<std::string> words = {"--metrics", metrics_, hook_path_};
    if (!output.empty()) words.push_back(output);
    std::filesystem::remove(metrics_);
    const Process capture(tool(words));
    ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
    ASSERT_TRUE(eventually([&] { return hook_is_filled() && guardians().size() == 1; }));
    capture.signal(SIGSTOP);
    send(1000);
    capture.signal(SIGKILL);
    expect_clean();
    EXPECT_EQ(value("xdpcap_up"), "0");
    EXPECT_EQ(value("xdpcap_received_packets_total", "drop"), "1000");
    EXPECT_EQ(value("xdpcap_matched_packets_total", "pass"), "1000");
    EXPECT_EQ(value("xdpcap_lost_packets_total", "drop"), "0");
    EXPECT_EQ(value("xdpcap_written_packets_total", "drop"), output.empty() ? "none" : "1000");
  }
  EXPECT_THAT(names(), ElementsAre("out.pcap", "out.prom"));
}

// Nobody can complete a pipe: what was not written is lost.
TEST_F(MetricsTest, TheGuardianCountsWhatAPipeGot) {
  const Process capture({"sh", "-c", "exec \"$@\" | cat > " + file_, "sh", tool({})[0], "--metrics",
                         metrics_, hook_path_, "-"});
  ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
  send(10);
  constexpr std::uintmax_t kBytes = 2000;  // of twenty packets
  ASSERT_TRUE(eventually([&] { return std::filesystem::file_size(file_) > kBytes; }));
  const std::string pid = must_run({"pgrep", "-f", "^" + tool({})[0] + ".*" + metrics_});
  run({"sh", "-c", "kill -STOP " + pid});
  send(5);
  run({"sh", "-c", "kill -KILL " + pid});
  expect_clean();
  EXPECT_EQ(value("xdpcap_up"), "0");
  EXPECT_EQ(value("xdpcap_matched_packets_total", "drop"), "15");
  EXPECT_EQ(value("xdpcap_written_packets_total", "drop"), "10");
  EXPECT_EQ(value("xdpcap_lost_packets_total", "drop"), "5");
}

// As a user who may write into that directory only.
TEST_F(MetricsTest, AsAnotherUser) {
  const std::string folder = files_.path("nobodys");
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(files_.path(""), std::filesystem::perms(0755));
  must_run({"chown", "nobody", folder});
  metrics_ = folder + "/out.prom";
  for (const int signal : {SIGINT, SIGKILL}) {
    std::filesystem::remove(metrics_);
    std::vector<std::string> command =
        tool({"-q", "-Z", "nobody", "--metrics", metrics_, hook_path_});
    // With coverage, who has given up root could not write its profile.
    command.insert(command.begin(), {"env", "LLVM_PROFILE_FILE=/dev/null"});
    Process capture(command);
    ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
    ASSERT_TRUE(eventually([&] { return guardians().size() == 1; }));
    send(10);
    capture.signal(signal);
    EXPECT_EQ(capture.wait().err, "");
    expect_clean();
    EXPECT_EQ(value("xdpcap_up"), "0");
    EXPECT_EQ(value("xdpcap_matched_packets_total", "drop"), "10");
    EXPECT_EQ(must_run({"stat", "-c", "%U %a", metrics_}), "nobody 644\n");
  }
}

TEST_F(MetricsTest, CountsGoOnAfterAReload) {
  Process capture(tool({"--follow", "--metrics", metrics_, hook_path_}));
  ASSERT_TRUE(wait_until_live(capture, metrics_)) << capture.err();
  send(10);
  const UniqueFd map = create_hook(slots_);
  const HookedProgram reloaded(map.get(), kFlavours.front());
  std::filesystem::remove(hook_path_);
  folder_.pin(map.get(), "hook");
  ASSERT_TRUE(eventually(
      [&] { return capture.err().find("continuing with that one") != std::string::npos; }));
  reloaded.run(packet_for(XDP_DROP, 60), 5);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(value("xdpcap_received_packets_total", "drop"), "15");
  EXPECT_EQ(value("xdpcap_received_packets_total", "pass"), "10");
}

// A rename takes longer than this test. (So long does strace keep the process, unless it is
// killed.)
TEST_F(MetricsTest, ASlowDiskDelaysNothingElse) {
  std::vector<std::string> command = {"strace",
                                      "-f",
                                      "-qq",
                                      "-o",
                                      "/dev/null",
                                      "-E",
                                      "ASAN_OPTIONS=detect_leaks=0",
                                      "-e",
                                      "trace=renameat,renameat2",
                                      "-e",
                                      "inject=renameat,renameat2:delay_enter=600000000"};
  for (const std::string& word : tool({"-q", "--metrics", metrics_, hook_path_, file_})) {
    command.push_back(word);
  }
  Process capture(command);
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  ASSERT_TRUE(eventually([&] { return guardians().size() == 1; }));
  send(50);
  const auto complete = [&](std::size_t blocks) {
    const auto file = read_growing_pcapng(file_);
    return file && file->packets == 100 && file->statistics.size() == blocks;
  };
  EXPECT_TRUE(eventually([&] { return complete(0); }));
  const std::string ours = "^" + tool({})[0] + ".*" + metrics_;
  run({"pkill", "-INT", "-f", ours});
  EXPECT_TRUE(eventually([&] { return complete(5); }));
  const std::string timeout =
      "--metrics: " + metrics_ + " does not have the last counts: Connection timed out\n";
  EXPECT_TRUE(eventually([&] { return capture.err().find(timeout) != std::string::npos; }))
      << capture.err();
  EXPECT_THAT(names(), Not(::testing::Contains("out.prom")));
  run({"pkill", "-KILL", "-f", ours});
  capture.signal(SIGKILL);
  capture.wait();
  expect_clean();
}

TEST_F(MetricsTest, WhatNeedsAnOutputIsRefusedWithoutOne) {
  for (const std::vector<std::string>& options : {std::vector<std::string>{"-c", "5"},
                                                  {"-s96"},
                                                  {"-C", "1"},
                                                  {"-G", "1"},
                                                  {"--sample=2"},
                                                  {"--rate", "2"},
                                                  {"--last", "5s"},
                                                  {"-a", "packets:5"},
                                                  {"--fate=dropped"},
                                                  {"--only-failed"},
                                                  {"--ingress"},
                                                  {"--buffer", "1M"}}) {
    std::vector<std::string> words = {"--metrics", metrics_};
    words.insert(words.end(), options.begin(), options.end());
    words.push_back(hook_path_);
    expect_refused(words, "packets are only counted, not written; leave it out, or name an output");
  }
  expect_refused({"--metrics", metrics_}, "missing <hook>;");
}

TEST_F(MetricsTest, WhereNothingCanBeWrittenIsRefusedAtTheStart) {
  expect_refused({"--metrics", files_.path("none/out.prom"), hook_path_},
                 "No such file or directory");
  expect_refused({"--metrics", "/proc/out.prom", hook_path_}, "writing beside /proc/out.prom");
  expect_refused({"--metrics", files_.path("out.txt"), hook_path_}, "does not end in .prom");
}

TEST_F(MetricsTest, LimitsOfTimeEndIt) {
  Process capture(tool({"--metrics", metrics_, "-a", "duration:1", hook_path_}));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(value("xdpcap_up"), "0");
}

}  // namespace
}  // namespace xdpcap::test
