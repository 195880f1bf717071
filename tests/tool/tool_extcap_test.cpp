// SPDX-License-Identifier: BSD-3-Clause
// A real tshark that finds hooks among its interfaces and captures from one.
#include <gmock/gmock.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

// The folder of extcap programs that comes with tshark. tshark prints it in a form that depends on
// its version, since 4.2 next to the user's own: it is the last one that exists.
std::string extcap_folder() {
  std::string found;
  const std::string folders = run({"tshark", "-G", "folders"}).out;
  for (const std::string_view line : split(folders, '\n')) {
    if (to_lower(line).find("extcap path:") == std::string::npos) continue;
    const std::string folder(trim(line.substr(line.find(':') + 1)));
    if (std::filesystem::is_directory(folder)) found = folder;
  }
  return found;
}

class ToolExtcapTest : public ToolTest {
 protected:
  ToolExtcapTest() {
    std::filesystem::create_directory(folder_of_ours_);
    std::filesystem::create_symlink(XDPCAP_CPP, folder_of_ours_ + "/xdpcap-cpp");
  }

  // tshark in a mount namespace where that folder holds xdpcap-cpp and nothing else, and with
  // preferences of its own.
  [[nodiscard]] std::vector<std::string> tshark(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"env",
                                        "HOME=" + files_.path(""),
                                        "unshare",
                                        "--mount",
                                        "sh",
                                        "-c",
                                        "mount --bind \"$0\" \"$1\" && shift && exec tshark \"$@\"",
                                        folder_of_ours_,
                                        extcap_folder()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  std::string folder_of_ours_ = files_.path("extcap");
  std::string interface_ = "xdpcap:" + hook_path_;
};

TEST_F(ToolExtcapTest, HooksAreAmongTheInterfaces) {
  const ProcessResult result = run(tshark({"-D"}));
  EXPECT_THAT(result.out, HasSubstr(". " + interface_ + " (XDP hook: hooked)\n")) << result.err;
}

TEST_F(ToolExtcapTest, TsharkCapturesFromAHook) {
  Process capture(
      tshark({"-l", "-n", "-i", interface_, "-f", "greater 100", "-c", "3", "-T", "fields", "-e",
              "frame.interface_name", "-e", "frame.verdict.ebpf_xdp", "-e", "frame.len"}));
  ASSERT_TRUE(eventually([&] { return hook_is_filled(); }, std::chrono::seconds(25)))
      << capture.err();
  // Until their jumps are patched, too.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  for (std::uint32_t action = 1; action < 4; ++action) {
    program_.run(packet_for(action, 99));
    program_.run(packet_for(action, 100 + action));
  }
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_EQ(result.out, "XDPdrop\t1\t101\nXDPpass\t2\t102\nXDPtx\t3\t103\n") << result.err;
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
}

// Wireshark and tshark keep the dialog's options as preferences.
TEST_F(ToolExtcapTest, TsharkPassesOptions) {
  std::string preference = "extcap." + interface_;
  std::replace_if(
      preference.begin() + 7, preference.end(),
      [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  Process capture(tshark({"-l", "-n",
                          "-i", interface_,
                          "-c", "2",
                          "-o", preference + ".actions:drop,tx",
                          "-o", preference + ".snaplen:70",
                          "-o", preference + ".ingress:true",
                          "-T", "fields",
                          "-e", "frame.verdict.ebpf_xdp",
                          "-e", "frame.cap_len",
                          "-e", "frame.comment"}));
  ASSERT_TRUE(eventually([&] { return filled_slots(hook_path_) == 2; }, std::chrono::seconds(25)))
      << capture.err();
  // Until their jumps are patched, too.
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  for (std::uint32_t action = 0; action < 5; ++action) program_.run(packet_for(action, 100));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.out, ::testing::MatchesRegex("1\t70\tingress=[0-9]+\n3\t70\tingress=[0-9]+\n"))
      << result.err;
}

// As Wireshark calls it with a box of the dialog ticked.
TEST_F(ToolExtcapTest, NotesFates) {
  Process capture(tool({"--capture", "--extcap-interface", interface_, "--fifo", file_, "--fate",
                        "--actions", "aborted,tx"}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (std::uint32_t action = 0; action < 5; ++action) program_.run(packet_for(action, 100));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_THAT(run({"tshark", "-r", file_, "-T", "fields", "-e", "frame.comment"}).out,
              HasSubstr("ingress="));
}

// What Wireshark runs while a filter is typed, and its message for a failed capture. (tshark itself
// may hang if an extcap ends before dumpcap has opened the FIFO.)
TEST_F(ToolExtcapTest, SaysWhatIsWrongWithAFilter) {
  const ProcessResult check =
      run(tool({"--extcap-interface", interface_, "--extcap-capture-filter", "tcp port"}));
  EXPECT_EQ(check.exit_code, 0);
  EXPECT_THAT(check.out, HasSubstr("syntax error"));
  const ProcessResult capture = run(tool({"--capture", "--extcap-interface", interface_, "--fifo",
                                          file_, "--extcap-capture-filter", "tcp port"}));
  EXPECT_EQ(capture.exit_code, 1);
  EXPECT_THAT(capture.err, HasSubstr("syntax error"));
  EXPECT_TRUE(hook_is_empty());
}

}  // namespace
}  // namespace xdpcap::test
