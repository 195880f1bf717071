// SPDX-License-Identifier: BSD-3-Clause
// Mistakes: one helpful line, the right exit code, hook and files unchanged.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bpf/features.hpp"
#include "source/hook.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

constexpr int kUsage = 1;
constexpr int kFailure = 2;
constexpr std::string_view kBefore = "what the file held before";

class ToolErrorTest : public ::testing::Test {
 protected:
  ToolErrorTest() : map_(create_hook()), program_(map_.get(), kFlavours.front()) {
    folder_.pin(map_.get(), "hook");
    write_file(file_, std::as_bytes(std::span(kBefore)));
  }

  // Checks the message and the exit code of a failure, and that it changed nothing.
  void expect_failure(const std::vector<std::string>& command, int code, const std::string& words) {
    const ProcessResult result = run(command);
    EXPECT_EQ(result.exit_code, code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(words));
    EXPECT_THAT(result.err, HasSubstr("xdpcap-cpp: "));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(read_file(file_), kBefore);
    EXPECT_FALSE(std::filesystem::exists(new_file_));
    EXPECT_EQ(filled_slots(hook_), 0U);
  }

  PinFolder folder_;
  TemporaryFolder files_;
  UniqueFd map_;
  HookedProgram program_;
  std::string hook_ = folder_.path("hook");
  std::string file_ = files_.path("old");
  std::string new_file_ = files_.path("new");
};

TEST_F(ToolErrorTest, WrongUsage) {
  expect_failure(tool({}), kUsage, "usage: xdpcap-cpp [options] <hook> <output|->");
  expect_failure(tool({hook_}), kUsage, "missing <output>");
  expect_failure(tool({hook_, file_, "icmp", "and"}), kUsage, "filter \"icmp and\": ");
  expect_failure(tool({hook_, new_file_, "host"}), kUsage, "filter \"host\": ");
  expect_failure(tool({"-actions", "dorp", hook_, file_}), kUsage, "unknown action \"dorp\"");
  expect_failure(tool({"-actions", "9", hook_, file_}), kUsage, "none for xdpAction(9)");
  expect_failure(tool({"-nonsense", hook_, file_}), kUsage, "-h lists the options");
}

TEST_F(ToolErrorTest, NoSuchHook) {
  expect_failure(tool({folder_.path("none"), file_}), kFailure, "No such file or directory");
  expect_failure(
      tool({"/nowhere/hook", new_file_}), kFailure,
      "No such file or directory; hooks are pinned in a bpffs, and this path is not in one; "
      "--list shows the hooks there are");
  expect_failure(tool({file_, new_file_}), kFailure,
                 "not in a bpffs, where hooks are pinned; --list shows the hooks there are");
  expect_failure(
      tool({"lo", new_file_}), kFailure,
      "opening the hook lo: it is a network interface, not a hook; capture from it with -i lo");
  expect_failure(tool({folder_.path(""), new_file_}), kFailure,
                 "it is a folder; pinned in it: " + folder_.path("hook"));
  expect_failure(tool({files_.path(""), new_file_}), kFailure, "it is a folder; --list shows");
}

// As in a container, or in ip netns exec.
TEST_F(ToolErrorTest, WhereNoBpffsIsMounted) {
  expect_failure({"unshare", "-m", "sh", "-c", "umount -l /sys/fs/bpf; exec \"$@\"", "sh",
                  XDPCAP_CPP, "/nowhere/hook", new_file_},
                 kFailure, "mount one with: mount -t bpf bpf /sys/fs/bpf");
  const Namespace there;
  expect_failure({"ip", "netns", "exec", there.name(), XDPCAP_CPP, hook_, new_file_}, kFailure,
                 "enter with: nsenter --net=/run/netns/" + there.name());
}

TEST_F(ToolErrorTest, NotAHook) {
  const UniqueFd array = create_map(BPF_MAP_TYPE_ARRAY, "array", 4, 4, 1);
  folder_.pin(array.get(), "array");
  folder_.pin(program_.fd(), "program");
  expect_failure(tool({folder_.path("array"), file_}), kFailure, "this one is of type array");
  expect_failure(tool({folder_.path("program"), file_}), kFailure, "it is not a map");
}

TEST_F(ToolErrorTest, AHookOfVeryManySlots) {
  const UniqueFd map = create_hook(1000);
  const HookedProgram program(map.get(), kFlavours.front());
  folder_.pin(map.get(), "large");
  expect_failure(tool({folder_.path("large"), file_}), kFailure, "it has 1000 slots");
}

TEST_F(ToolErrorTest, AnObjectFileIsNoProgram) {
  expect_failure(tool({"--replay", "pcaps/lab-tcp.pcap", "--prog", file_, new_file_}), kFailure,
                 "it is a file, not a pinned program; load and pin it: bpftool prog loadall");
}

TEST_F(ToolErrorTest, AHookThatNoProgramUses) {
  const UniqueFd map = create_hook();
  folder_.pin(map.get(), "unused");
  expect_failure(tool({folder_.path("unused"), file_}), kFailure, "no loaded XDP program uses it");
  // And a program of any flavour can still use it.
  const HookedProgram program(map.get(), {0, has_xdp_load_bytes()});
  EXPECT_GE(program.fd(), 0);
}

TEST_F(ToolErrorTest, AnOutputThatCannotBeWritten) {
  expect_failure(tool({hook_, files_.path("none/file")}), kFailure, "opening the output");
  expect_failure(tool({hook_, "/"}), kFailure, "Is a directory");
}

TEST_F(ToolErrorTest, AFullDisk) {
  Process capture(tool({"-q", hook_, "/dev/full"}));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, kFailure);
  EXPECT_THAT(result.err, HasSubstr("writing to /dev/full: No space left on device"));
  EXPECT_FALSE(Hook::open(hook_).program_in(XdpAction(0)).has_value());
}

TEST_F(ToolErrorTest, NotRoot) {
  // A copy in a public folder: the build folder may be in root's home.
  const std::string copy = files_.path("xdpcap-cpp");
  std::filesystem::copy_file(tool({}).front(), copy);
  std::filesystem::permissions(files_.path(""), std::filesystem::perms(0755));
  // Where coverage is measured, its files are root's.
  expect_failure({"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env",
                  "LLVM_PROFILE_FILE=/dev/null", copy, hook_, files_.path("never")},
                 kFailure, "CAP_BPF");
}

}  // namespace
}  // namespace xdpcap::test
