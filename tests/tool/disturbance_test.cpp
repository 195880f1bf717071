// SPDX-License-Identifier: BSD-3-Clause
// Other processes tamper with locks, guardians, slots and signals during a capture: that neither
// delays nor loses packets, nor keeps the capture from ending.
#include <bpf/bpf.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/pcapng_file.hpp"
#include "tool/guardian_fixture.hpp"
#include "tool/lock.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kUser = "nobody";

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  return ends;
}

std::array<int, 2> make_socket() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return ends;
}

// PipedCapture is a capture to a reader that has read the header and nothing else.
class PipedCapture {
 public:
  explicit PipedCapture(std::vector<std::string> command, std::array<int, 2> ends = make_pipe())
      : reader_(ends[0]) {
    const UniqueFd writer(ends[1]);
    process_.emplace(std::move(command), writer.get());
    EXPECT_GT(read(4096), 0);
  }
  ssize_t read(std::size_t most) {
    std::vector<char> buffer(most);
    return ::read(reader_.get(), buffer.data(), buffer.size());
  }
  void close_reader() { reader_.reset(); }
  Process* operator->() { return &*process_; }

 private:
  UniqueFd reader_;
  std::optional<Process> process_;
};

class DisturbanceTest : public GuardianTest {
 protected:
  // Sends packets, each after the one before has arrived in the file.
  void expect_packets_arrive(std::uint64_t before, int count) {
    for (int i = 1; i <= count; ++i) {
      program_.run(packet_for(XDP_PASS));
      const auto arrived = [&] {
        const auto file = read_growing_pcapng(file_);
        return file && file->packets == before + static_cast<std::uint64_t>(i);
      };
      ASSERT_TRUE(eventually(arrived, std::chrono::seconds(4))) << "packet " << i;
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
    }
  }

  static ProcessResult stop(Process& capture, int exit_code = 0) {
    capture.signal(SIGINT);
    const ProcessResult result = capture.wait();
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    return result;
  }
};

// A capture that follows another in a slot checks its place in each slot once a second.
TEST_F(DisturbanceTest, ALockThatIsHeldDelaysNoPacket) {
  Process capture(tool({"-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  Process other(tool({"-q", hook_path_, files_.path("other")}));
  ASSERT_TRUE(wait_until_live(other, files_.path("other"))) << other.err();
  {
    const UniqueFd folder(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
    expect_packets_arrive(0, 8);
  }
  stop(other);
  stop(capture);
  EXPECT_TRUE(hook_is_empty());
  EXPECT_EQ(read_bytes(file_).size(), 8U);
}

// Packets that arrive while the hook is being emptied, which the lock delays, are captured, too.
TEST_F(DisturbanceTest, ALockThatIsHeldWhileACaptureEnds) {
  Process capture(tool({"-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const UniqueFd folder(::open(folder_.path("").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(::flock(folder.get(), LOCK_EX), 0);
  capture.signal(SIGINT);
  expect_packets_arrive(0, 3);
  EXPECT_EQ(capture.wait().exit_code, 0);  // in the end without the lock
  EXPECT_TRUE(hook_is_empty());
  EXPECT_EQ(read_bytes(file_).size(), 3U);
}

TEST_F(DisturbanceTest, WithoutRootASlotThatIsEmptiedIsFilledAgain) {
  Process capture(tool({"-q", "-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const std::uint32_t key = XDP_PASS;
  ASSERT_EQ(bpf_map_delete_elem(map_.get(), &key), 0);
  EXPECT_TRUE(eventually([&] { return hook_is_filled(); }));
  program_.run(packet_for(XDP_PASS), 10);
  const ProcessResult result = stop(capture);
  EXPECT_THAT(result.err, HasSubstr("slot pass of the hook " + hook_path_ +
                                    " was emptied by another process: reinstalled the recorder\n"));
  EXPECT_EQ(read_bytes(file_).size(), 10U);
  EXPECT_TRUE(hook_is_empty());
}

TEST_F(DisturbanceTest, WithoutRootAGuardianThatIsStoppedKeepsNobodyFromEnding) {
  Process capture(tool({"-q", "-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const pid_t stopped = guardian();
  ::kill(stopped, SIGSTOP);
  program_.run(packet_for(XDP_PASS), 10);
  capture.signal(SIGINT);
  capture.wait();  // its exit code says whether this kernel let it empty the hook without rights
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 10U);
  expect_exact_accounts(file);
  ::kill(stopped, SIGCONT);
  expect_clean();
  EXPECT_EQ(read_pcapng(file_).packets, 10U);  // nor did the guardian do it once more
}

TEST_F(DisturbanceTest, WithoutRootAndGuardianTheFileIsCompleted) {
  Process capture(tool({"-q", "-Z", kUser, hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  ::kill(guardian(), SIGKILL);
  program_.run(packet_for(XDP_PASS), 10);
  capture.signal(SIGINT);
  capture.wait();
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 10U);
  expect_exact_accounts(file);
}

// Its capture notices that there are no more messages from it.
TEST_F(DisturbanceTest, AGuardianThatIsStoppedIsReplaced) {
  Process capture(tool({"-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  const pid_t first = guardian();
  ::kill(first, SIGSTOP);
  EXPECT_TRUE(eventually(
      [&] {
        return capture.err().find("the guardian has been stopped, or is stuck: started another") !=
               std::string::npos;
      },
      std::chrono::seconds(40)));
  EXPECT_NE(guardian(), first);
  stop(capture);
  expect_clean();
}

TEST_F(DisturbanceTest, SignalsThatAskForSomethingEndNothing) {
  Process capture(tool({"-q", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_PASS), 3);
  capture.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] { return read_growing_pcapng(file_)->packets == 3; }));
  capture.signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] {
    return capture.err().starts_with("3 packets captured\n3 packets matched the filter\n");
  })) << capture.err();
  stop(capture);
}

TEST_F(DisturbanceTest, ASecondSignalEndsWaitingForASlowReader) {
  PipedCapture capture(tool({"-buffer", "4194304", hook_path_, "-"}));
  program_.run(packet_for(XDP_DROP, 1500), 2000);
  capture->signal(SIGINT);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
  // It keeps reading, but needs minutes for these three megabytes.
  bool ended = false;
  for (int i = 0; i < 100 && !ended; ++i) {
    EXPECT_GT(capture.read(1024), 0);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    capture->signal(SIGINT);
    std::ifstream status("/proc/" + std::to_string(capture->pid()) + "/stat");
    std::string line;
    std::getline(status, line);
    ended = line.find(") Z ") != std::string::npos;
  }
  EXPECT_TRUE(ended);
  const ProcessResult result = capture->wait();
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr(" packets lost of 2000 that matched"));
}

// While it waits for the reader, the capture still handles signals and its guardian's messages.
TEST_F(DisturbanceTest, AReaderThatPausesDelaysNoReport) {
  PipedCapture capture(tool({"-buffer", "4194304", hook_path_, "-"}));
  program_.run(packet_for(XDP_DROP, 1500), 2000);
  const std::uint32_t key = XDP_DROP;
  ASSERT_EQ(bpf_map_delete_elem(map_.get(), &key), 0);
  const auto has_said = [&](const char* what) {
    return eventually([&] { return capture->err().find(what) != std::string::npos; });
  };
  EXPECT_TRUE(has_said("reinstalled the recorder")) << capture->err();
  capture->signal(SIGUSR1);
  EXPECT_TRUE(has_said("2000 packets matched")) << capture->err();
  capture->signal(SIGINT);
  capture.close_reader();
  EXPECT_EQ(capture->wait().exit_code, 0);
}

TEST_F(DisturbanceTest, AReaderThatPausesDoesNotExtendTheDuration) {
  PipedCapture capture(tool({"--duration", "2", "-buffer", "4194304", hook_path_, "-"}));
  program_.run(packet_for(XDP_DROP, 1500), 2000);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); })) << capture->err();
  const ProcessResult result = capture->wait(std::chrono::seconds(15));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("writing to stdout: its reader is stuck"));
}

// A stalled reader of a socket does not keep the capture from ending, like that of a pipe.
TEST_F(DisturbanceTest, StdoutMayBeASocket) {
  PipedCapture capture(tool({hook_path_, "-"}), make_socket());
  program_.run(packet_for(XDP_DROP, 1500), 2000);
  capture->signal(SIGINT);
  EXPECT_TRUE(eventually([&] { return hook_is_empty(); }));
  const ProcessResult result = capture->wait(std::chrono::seconds(15));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("writing to stdout: its reader is stuck"));
}

// In PATH, and with the environment of the capture.
TEST_F(DisturbanceTest, TheGuardianStartsProgramsAsTheCaptureWould) {
  const std::string command = files_.path("after");
  const std::string result = files_.path("result");
  std::ofstream(command) << "#!/bin/sh\necho \"$GREETING $1\" >" << result << ".new\nmv " << result
                         << ".new " << result << '\n';
  std::filesystem::permissions(command, std::filesystem::perms::owner_all);
  std::vector<std::string> words = {"env", "GREETING=hello",
                                    "PATH=" + files_.path("") + ":/usr/bin:/bin"};
  for (const std::string& word : tool({"-z", "after", hook_path_, file_})) words.push_back(word);
  const Process capture(words);
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  capture.signal(SIGKILL);
  expect_clean();
  EXPECT_TRUE(eventually([&] { return std::filesystem::exists(result); }));
  EXPECT_EQ(first_line(result), "hello " + file_ + "\n");
}

}  // namespace
}  // namespace xdpcap::test
