// SPDX-License-Identifier: BSD-3-Clause
// What users of tcpdump and dumpcap expect besides the capture: compressed files, commands run on
// them, and statistics as text and JSON.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "support/capture_reader.hpp"
#include "tool/habits_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

struct Compression {
  const char* program;
  const char* suffix;
};

class CompressionTest : public HabitsTest, public ::testing::WithParamInterface<Compression> {};

INSTANTIATE_TEST_SUITE_P(All, CompressionTest,
                         ::testing::Values(Compression{"gzip", ".gz"}, Compression{"zstd", ".zst"},
                                           Compression{"lz4", ".lz4"}),
                         [](const auto& info) { return std::string(info.param.program); });

TEST_P(CompressionTest, TheFileIsWholeAndExact) {
  const std::string path = file_ + GetParam().suffix;
  // Rings with room for all of them, however slow the compressor is.
  Process capture(tool({"-c", "20000", "--buffer", "32m", hook_path_, path}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  for (int i = 0; i < 20; ++i) program_.run(packet_for(XDP_DROP, 1000), 1000);
  const ProcessResult result = capture.wait();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const PcapngFile file = decompressed(GetParam().program, path);
  EXPECT_EQ(file.packets, 20'000U);
  EXPECT_EQ(file.total().delivered, 20'000U);
  EXPECT_LT(std::filesystem::file_size(path), 10'000'000U);
}

TEST_P(CompressionTest, EachFileOfARingIsWholeAndExact) {
  const std::string suffix = GetParam().suffix;
  Process capture(tool({"-b", "packets:500", "-c", "2100", hook_path_, file_ + suffix}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_PASS), 2500);
  const ProcessResult result = capture.wait();
  ASSERT_EQ(result.exit_code, 0) << result.err;
  ASSERT_THAT(names(), SizeIs(5));
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_THAT(names()[i], MatchesRegex("out_0000[1-5]_[0-9]+.pcap" + suffix));
    const PcapngFile file = decompressed(GetParam().program, files_.path(names()[i]));
    EXPECT_EQ(file.packets, i < 4 ? 500U : 100U);
    EXPECT_EQ(file.total().accepted, file.packets + file.total().dropped);
  }
}

// All packets written so far are in the file, which its compressor completes.
TEST_P(CompressionTest, TheFileOfAKilledCaptureCanBeRead) {
  const std::string path = file_ + GetParam().suffix;
  Process capture(tool({hook_path_, path}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_PASS), 1000);
  std::this_thread::sleep_for(milliseconds(300));
  capture.signal(SIGKILL);
  capture.wait();
  EXPECT_TRUE(eventually([&] { return run({GetParam().program, "-t", path}).exit_code == 0; }));
  EXPECT_GT(decompressed(GetParam().program, path).packets, 0U);
}

TEST_F(HabitsTest, NumbersStandInFrontOfTheCompression) {
  Process capture(tool({"-C", "1k", "-W", "2", hook_path_, file_ + ".gz"}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_DROP, 1200));
  ASSERT_TRUE(eventually([&] { return names().size() == 2; }));
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_THAT(names(), ElementsAre("out.pcap0.gz", "out.pcap1.gz"));
}

TEST_F(HabitsTest, ACompressorThatGivesUpIsAnError) {
  (void)make_program("gzip", "head -c 300000 >/dev/null; echo no room >&2; exit 7");
  Process capture(tool_with_programs({"-q", hook_path_, file_ + ".gz"}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  for (int i = 0; i < 20; ++i) program_.run(packet_for(XDP_DROP, 1000), 500);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err,
              HasSubstr("out.pcap.gz: gzip ended with exit code 7; the file is truncated"));
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(HabitsTest, ACompressorThatGivesUpIsAnErrorWhereChildrenAreIgnored) {
  (void)make_program("gzip", "cat >/dev/null; exit 7");
  std::vector<std::string> command = tool_with_programs({"-q", hook_path_, file_ + ".gz"});
  command.insert(command.begin() + 1, "--ignore-signal=CHLD");
  Process capture(command);
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("gzip ended with exit code 7"));
}

TEST_F(HabitsTest, ACompressorThatFailsAtTheEndIsAnError) {
  (void)make_program("zstd", "cat >/dev/null; exit 3");
  Process capture(tool_with_programs({"-q", "-C", "1k", hook_path_, file_ + ".zst"}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  for (int i = 1; i < 4; ++i) {
    program_.run(packet_for(XDP_DROP, 1200));
    ASSERT_TRUE(
        eventually([&] { return std::filesystem::exists(file_ + std::to_string(i) + ".zst"); }));
  }
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  for (const char* name : {"out.pcap.zst", "out.pcap1.zst", "out.pcap2.zst", "out.pcap3.zst"}) {
    EXPECT_THAT(result.err, HasSubstr(std::string(name) +
                                      ": zstd ended with exit code 3: the file is truncated"));
  }
}

TEST_F(HabitsTest, ACompressorThatIsNotThereIsAnErrorBeforeAnythingHappens) {
  std::vector<std::string> command = {"env", "PATH=/nonexistent"};
  for (const std::string& word : tool({hook_path_, file_ + ".lz4"})) command.push_back(word);
  const ProcessResult result = run(command);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("there is no program lz4; install lz4"));
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(HabitsTest, CommandsGetEachFileWholeAndHoldNobodyUp) {
  const std::string gate = scripts_.path("gate");
  const std::string log = scripts_.path("log");
  const std::string script =
      make_program("after", "while ! [ -e " + gate +
                                " ]; do sleep 0.05; done; capinfos -c -M \"$1\" >/dev/null && "
                                "echo \"$1\" >>" +
                                log);
  Process capture(tool({"-C", "1k", "-z", script, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (int i = 1; i < 6; ++i) {
    program_.run(packet_for(XDP_DROP, 1200));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file_ + std::to_string(i)); }));
  }
  EXPECT_FALSE(std::filesystem::exists(log));  // the capture did not wait for them
  capture.signal(SIGINT);
  ASSERT_TRUE(eventually([&] { return hook_is_empty(); }));
  std::ofstream(gate) << '\n';
  EXPECT_EQ(capture.wait().exit_code, 0);
  std::vector<std::string> done = lines_of(read_file(log));
  std::sort(done.begin(), done.end());
  EXPECT_THAT(done,
              ElementsAre(file_, file_ + "1", file_ + "2", file_ + "3", file_ + "4", file_ + "5"));
}

// The others are queued, and run even if the tool is killed meanwhile.
TEST_F(HabitsTest, AFewCommandsRunAtATimeAndNoneIsForgotten) {
  const std::string gate = scripts_.path("gate");
  const std::string log = scripts_.path("log");
  const std::string script =
      make_program("after", "echo begin >>" + log + "; while ! [ -e " + gate +
                                " ]; do sleep 0.05; done; echo end \"$1\" >>" + log);
  const auto logged = [&](const std::string& word) {
    const std::vector<std::string> lines = lines_of(read_file(log));
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& line) { return line.starts_with(word); });
  };
  Process capture(tool({"-C", "1k", "-z", script, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  for (int i = 1; i < 11; ++i) {
    program_.run(packet_for(XDP_DROP, 1200));
    ASSERT_TRUE(eventually([&] { return std::filesystem::exists(file_ + std::to_string(i)); }));
  }
  ASSERT_TRUE(eventually([&] { return logged("begin") >= 4; }));
  capture.signal(SIGKILL);
  capture.wait();
  std::ofstream(gate) << '\n';
  EXPECT_TRUE(eventually([&] { return logged("end") == 11; })) << read_file(log);
  int running = 0;
  int most = 0;
  for (const std::string& line : lines_of(read_file(log))) {
    running += line == "begin" ? 1 : -1;
    most = std::max(most, running);
  }
  EXPECT_LE(most, 5);  // four, and one of the guardian's
}

TEST_F(HabitsTest, CommandsGetCompressedFilesWhenTheyAreWhole) {
  const std::string log = scripts_.path("log");
  const std::string script = make_program("after", "gzip -t \"$1\" && echo ok >>" + log);
  Process capture(
      tool({"-b", "packets:1000", "-c", "5000", "-z", script, hook_path_, file_ + ".gz"}));
  ASSERT_TRUE(wait_until_filled()) << capture.err();
  program_.run(packet_for(XDP_DROP, 500), 5000);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(lines_of(read_file(log)), SizeIs(5));
}

TEST_F(HabitsTest, ACommandThatFailsIsSaid) {
  Process capture(tool({"-c", "1", "-z", "false", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP));
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("-z: " + file_ + ": false ended with exit code 1\n"));
}

TEST_F(HabitsTest, JsonIsOneObjectALine) {
  Process capture(tool({"--json", "-actions", "drop,pass", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP), 30);
  program_.run(packet_for(XDP_PASS), 12);
  ASSERT_TRUE(eventually([&] { return lines_of(capture.out()).size() >= 2; }));
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.err, IsEmpty());
  const std::vector<std::string> lines = lines_of(result.out);
  for (const std::string& line : lines) {
    std::ofstream(scripts_.path("json")) << line;
    const ProcessResult checked = run(
        {"jq", "-e",
         ".received == .matched and .matched == .written + .lost and .files == 1 and "
         "(.actions | keys) == [\"drop\", \"pass\"] and .time > 1600000000 and .seconds > 0 and "
         "(.type == \"statistics\" or .type == \"summary\")",
         scripts_.path("json")});
    EXPECT_EQ(checked.exit_code, 0) << line << checked.err;
  }
  EXPECT_THAT(lines.back(), HasSubstr(R"({"type":"summary",)"));
  EXPECT_THAT(
      lines.back(),
      HasSubstr(R"("drop":{"received":30,"matched":30,"written":30,"left_out":0,"lost":0})"));
  EXPECT_THAT(lines.back(), HasSubstr(R"("file":")" + file_ + "\""));
}

TEST_F(HabitsTest, ATerminalHasOneLineThatIsDrawnAnew) {
  const std::string command =
      std::string(XDPCAP_CPP) + " --duration 2.5 " + hook_path_ + " " + file_;
  Process terminal({"env", "TERM=xterm", "script", "-qec", command, "/dev/null"});
  ASSERT_TRUE(wait_until_live(terminal, file_)) << terminal.out();
  program_.run(packet_for(XDP_DROP), 30);
  const ProcessResult result = terminal.wait();
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.out, HasSubstr("\r\x1b[Kreceived 30 ("));
  EXPECT_THAT(result.out, HasSubstr("\r\n30 packets captured\r\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("(received/matched packets)")));
}

}  // namespace
}  // namespace xdpcap::test
