// SPDX-License-Identifier: BSD-3-Clause
// Captures with few privileges: root given up after the set-up, or only three capabilities.
#include <bpf/bpf.h>
#include <gmock/gmock.h>
#include <pwd.h>
#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "support/capture_reader.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kUser = "nobody";

std::string status_of(pid_t pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return line;
  }
  return {};
}

class PrivilegesTest : public ToolTest {
 protected:
  // The tool with these capabilities and no others.
  static std::vector<std::string> with(const std::string& capabilities,
                                       const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"setpriv", "--bounding-set=" + capabilities,
                                        "--inh-caps=-all", "--"};
    const auto words = tool(arguments);
    command.insert(command.end(), words.begin(), words.end());
    return command;
  }
};

TEST_F(PrivilegesTest, GivesUpRootAndStillLeavesACleanHook) {
  Process capture(tool({"-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const passwd* nobody = ::getpwnam(kUser);
  const std::string id = std::to_string(nobody->pw_uid);
  EXPECT_EQ(status_of(capture.pid(), "Uid:"), "Uid:\t" + id + "\t" + id + "\t" + id + "\t" + id);
  EXPECT_THAT(status_of(capture.pid(), "CapEff:"), HasSubstr("0000000000000000"));
  EXPECT_EQ(status_of(capture.pid(), "NoNewPrivs:"), "NoNewPrivs:\t1");
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, nobody->pw_uid);
  EXPECT_EQ(info.st_mode & 0777, 0600U);

  program_.run(packet_for(XDP_DROP), 100);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));  // a check without privileges
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_summary(result.err).captured, 100U);
  EXPECT_THAT(result.err, Not(HasSubstr("hook " + hook_path_)));  // no reports about the hook
  EXPECT_EQ(read_bytes(file_).size(), 100U);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(PrivilegesTest, KilledWithoutRootItsGuardianStillCleansUp) {
  const Process capture(tool({"-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGSTOP);
  program_.run(packet_for(XDP_DROP), 100);
  capture.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
  EXPECT_TRUE(eventually([&] {
    try {
      return read_bytes(file_).size() == 100;
    } catch (const Error&) {
      return false;  // it is just being written
    }
  }));
}

// Leaving a chain requires root, which only the guardian is.
TEST_F(PrivilegesTest, WithoutRootItLeavesOthersAtWork) {
  Process first(tool({hook_path_, files_.path("first")}));
  ASSERT_TRUE(wait_until_live(first, files_.path("first"))) << first.err();
  Process second(tool({"-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(second, file_)) << second.err();
  program_.run(packet_for(XDP_PASS), 10);
  second.signal(SIGINT);
  EXPECT_EQ(parse_summary(second.wait().err).captured, 10U);
  program_.run(packet_for(XDP_PASS), 10);
  first.signal(SIGINT);
  EXPECT_EQ(parse_summary(first.wait().err).captured, 20U);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(PrivilegesTest, ThreeCapabilitiesAreEnough) {
  Process capture(
      with("-all,+bpf,+net_admin,+perfmon", {hook_path_, file_, "tcp or ip6 or len >= 100"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP), 10);
  for (std::size_t i = 0; i < 10; ++i) program_.run(packet_for(XDP_DROP, 100 + i));
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(parse_summary(result.err).received, 20U);
  const std::vector<Packet> packets = read_bytes(file_);
  ASSERT_EQ(packets.size(), 10U);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(packets[i], packet_for(XDP_DROP, 100 + i));
  EXPECT_TRUE(hook_is_empty());

  const Process killed(with("-all,+bpf,+net_admin,+perfmon", {hook_path_, files_.path("killed")}));
  ASSERT_TRUE(wait_until_live(killed, files_.path("killed"))) << killed.err();
  killed.signal(SIGKILL);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
}

TEST_F(PrivilegesTest, SaysWhichOneIsMissing) {
  const auto expect_missing = [&](const std::string& capabilities, const std::string& words) {
    const ProcessResult result = run(with(capabilities, {hook_path_, file_, "icmp"}));
    EXPECT_EQ(result.exit_code, 2) << capabilities;
    EXPECT_THAT(result.err, HasSubstr("; " + words + " missing: ")) << capabilities;
    EXPECT_FALSE(std::filesystem::exists(file_));
  };
  expect_missing("-all,+net_admin,+perfmon", "CAP_BPF is");
  expect_missing("-all,+bpf,+perfmon", "CAP_NET_ADMIN is");
  expect_missing("-all,+bpf,+net_admin", "CAP_PERFMON is");
  expect_missing("-all,+bpf", "CAP_NET_ADMIN, CAP_PERFMON are");
}

// Untrusted packets are dissected by an unprivileged user.
TEST_F(PrivilegesTest, WhatPrintsRunsAsTheUser) {
  Process capture(tool({"-Z", kUser, "--print", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const std::string id = std::to_string(::getpwnam(kUser)->pw_uid);
  const std::string children = "/proc/" + std::to_string(capture.pid()) + "/task/" +
                               std::to_string(capture.pid()) + "/children";
  const auto printers = [&] {
    const std::string uids = "Uid:\t" + id + "\t" + id;
    int count = 0;
    std::ifstream file(children);
    for (pid_t child = 0; file >> child;) {
      if (status_of(child, "Uid:").starts_with(uids)) ++count;
    }
    return count;
  };
  EXPECT_TRUE(eventually([&] { return printers() == 1; }));
  program_.run(packet_for(XDP_TX));
  EXPECT_TRUE(eventually([&] { return capture.out().starts_with("tx "); })) << capture.err();
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
}

// Found out before anything has changed, not when the first file is full.
TEST_F(PrivilegesTest, AUserWhoMayNotMakeTheNextFile) {
  std::filesystem::permissions(files_.path(""), std::filesystem::perms::owner_all);
  const ProcessResult result = run(tool({"-Z", kUser, "-C", "1", hook_path_, file_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("-Z: nobody may not make files in "));
  EXPECT_FALSE(std::filesystem::exists(file_));
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(PrivilegesTest, AUserThatIsNone) {
  const ProcessResult result = run(tool({"-Z", "no-such-user", hook_path_, file_}));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("-Z: there is no user \"no-such-user\""));
}

}  // namespace
}  // namespace xdpcap::test
