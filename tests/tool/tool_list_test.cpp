// SPDX-License-Identifier: BSD-3-Clause
// The output of --list while captures run.
#include <gmock/gmock.h>

#include <csignal>
#include <cstddef>
#include <string>

#include "base/text.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// The lines about one hook, without the pids, which vary.
std::string lines_about(const std::string& hook) {
  const ProcessResult result = run(tool({"--list"}));
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::size_t begin = result.out.find(hook + ": map ");
  if (begin == std::string::npos) return "not listed";
  std::size_t end = begin;
  do {
    end = result.out.find('\n', end) + 1;
  } while (result.out[end] == ' ');
  return result.out.substr(begin, end - begin);
}

std::string holder(const Process& capture) {
  return ": xdpcap-cpp (pid " + std::to_string(capture.pid()) + "), xdpcap-guardian (pid ";
}

TEST_F(ToolTest, ListTellsWhoCapturesNow) {
  EXPECT_THAT(lines_about(hook_path_), Not(HasSubstr("capture ")));
  EXPECT_THAT(lines_about(hook_path_), HasSubstr("5 slots\n  program "));
  Process first(tool({"-actions", "drop,pass", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(first, file_)) << first.err();
  Process second(tool({"--fate", "-actions", "pass,tx", hook_path_, files_.path("second")}));
  ASSERT_TRUE(wait_until_live(second, files_.path("second"))) << second.err();
  const std::string lines = lines_about(hook_path_);
  EXPECT_THAT(lines, HasSubstr("  capture drop, pass" + holder(first)));
  EXPECT_THAT(lines, HasSubstr("  capture pass, tx" + holder(second)));
  const std::string script =
      "\"$0\" --list --json | jq --arg hook \"$1\" '.[] | select(.path == $hook) | .captures[]"
      " | select(.action == \"pass\") | .processes[0].pid'";
  const ProcessResult pids = run({"sh", "-c", script, XDPCAP_CPP, hook_path_});
  EXPECT_EQ(pids.out, std::to_string(first.pid()) + "\n" + std::to_string(second.pid()) + "\n")
      << pids.err;
  first.signal(SIGINT);
  second.signal(SIGINT);
  EXPECT_EQ(first.wait().exit_code, 0);
  EXPECT_EQ(second.wait().exit_code, 0);
  EXPECT_THAT(lines_about(hook_path_), Not(HasSubstr("capture ")));
}

TEST_F(ToolTest, ListIsJsonForPrograms) {
  const Process capture(tool({"-actions", "redirect", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const ProcessResult list = run(tool({"--list", "--json"}));
  EXPECT_EQ(list.exit_code, 0);
  // Python's parser decides whether it is JSON.
  const ProcessResult found =
      run({"python3", "-c",
           "import json, sys\n"
           "hook, = [h for h in json.loads(sys.argv[1]) if h['path'] == sys.argv[2]]\n"
           "slot, = hook['captures']\n"
           "print(hook['slots'], len(hook['programs']), slot['action'], slot['slot'],\n"
           "      slot['program_name'], slot['processes'][0]['pid'])",
           list.out, hook_path_});
  EXPECT_EQ(found.out, "5 1 redirect 4 xdpcap_redirect " + std::to_string(capture.pid()) + "\n")
      << found.err << list.out;
}

TEST(ToolList, NeedsRoot) {
  const ProcessResult result =
      run({"setpriv", "--reuid=65534", "--clear-groups", XDPCAP_CPP, "--list"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("looking at the loaded BPF programs: "));
  EXPECT_THAT(result.err, HasSubstr("run as root"));
}

}  // namespace
}  // namespace xdpcap::test
