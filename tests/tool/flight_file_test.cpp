// SPDX-License-Identifier: BSD-3-Clause
// --last: the files, when all goes well and when it does not.
#include <linux/bpf.h>
#include <pwd.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "support/small_disk.hpp"
#include "tool/flight_fixture.hpp"

namespace xdpcap::test {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

// What the guardian writes is what was in memory and in the rings, and its account is exact.
TEST_F(FlightTest, KilledItsGuardianWritesTheMemory) {
  Process capture(tool({"--last", "1M", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 5000, 1000);
  ASSERT_TRUE(write(capture, "out.pcap")) << capture.err();
  send(XDP_PASS, 5000, 10'000, 1000);
  ASSERT_EQ(guardians().size(), 1U);
  std::this_thread::sleep_for(milliseconds(200));
  capture.signal(SIGSTOP);
  send(XDP_DROP, 10'000, 10'010, 1000);
  capture.signal(SIGKILL);
  EXPECT_NE(capture.wait().exit_code, 0);
  expect_clean();
  ASSERT_THAT(names(), ElementsAre("out.pcap", "out.pcap1"));
  constexpr std::uint32_t kKept = (1U << 20U) / (1000 + 28 + 40);
  EXPECT_EQ(numbers_in("out.pcap"), range(5000 - kKept, 5000));
  EXPECT_EQ(numbers_in("out.pcap1"), range(10'010 - kKept, 10'010));
  expect_account(read_pcapng(file_), 5000 - kKept);
  const PcapngFile last = read_pcapng(files_.path("out.pcap1"));
  expect_account(last, 5010 - kKept);
  EXPECT_EQ(last.total().dropped, 0U);
  EXPECT_EQ(read_pcapng(file_).total().accepted + last.total().accepted, 10'010U);
  EXPECT_THAT(capinfos(files_.path("out.pcap1"), "Capture comment"),
              HasSubstr("written on the end of its process"));
}

// Killed before, while and after a file is written, under load. The memory is large enough for all:
// the counters in the kernel agree with the files.
TEST_F(FlightTest, KilledUnderLoadNothingIsLostOrTwice) {
  constexpr int kKills = 12;
  for (int i = 0; i < kKills; ++i) {
    const std::string name = "load" + std::to_string(i) + ".pcap";
    Process capture(tool({"--last", "128M", hook_path_, files_.path(name)}));
    ASSERT_TRUE(is_live(capture)) << capture.err();
    {
      // At a rate that the rings can hold until the guardian empties them.
      const std::jthread sender([&](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
          program_.run(packet_for(XDP_DROP, 1400), 10);
          program_.run(packet_for(XDP_PASS, 100), 10);
          std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
      });
      std::this_thread::sleep_for(milliseconds(200));
      capture.signal(SIGUSR2);
      std::this_thread::sleep_for(milliseconds(2 * i));
      capture.signal(SIGKILL);
      (void)capture.wait();
      expect_clean();
    }
    std::uint64_t last = 0;
    for (const std::string& one : names()) {
      if (!one.starts_with(name)) continue;
      const PcapngFile file = read_pcapng(files_.path(one));
      expect_account(file);
      EXPECT_GT(file.packets, 0U) << one;
      EXPECT_EQ(file.total().dropped, 0U) << one;
      const auto packets = read_with_tshark(files_.path(one));
      EXPECT_LE(last, packets.front().time) << one;
      last = packets.back().time;
      EXPECT_EQ(capinfos(files_.path(one), "Strict time order"), "True");
    }
    EXPECT_GT(last, 0U);
  }
}

TEST_F(FlightTest, CompressedFilesAndCommands) {
  const std::string list = files_.path("list");
  const std::string command = files_.path("note.sh");
  std::ofstream(command) << "#!/bin/sh\necho \"${1##*/}\" >> " << list << "\n";
  ASSERT_EQ(::chmod(command.c_str(), 0755), 0);
  Process capture(tool({"--last", "1M", "-z", command, hook_path_, files_.path("out.pcap.gz")}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 100);
  ASSERT_TRUE(write(capture, "out.pcap.gz")) << capture.err();
  send(XDP_PASS, 100, 110);
  ASSERT_TRUE(write(capture, "out.pcap1.gz")) << capture.err();
  (void)stop(capture);
  EXPECT_EQ(must_run({"sort", list}), "out.pcap.gz\nout.pcap1.gz\n");
  must_run({"gzip", "-dk", files_.path("out.pcap.gz"), files_.path("out.pcap1.gz")});
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 100));
  EXPECT_EQ(numbers_in("out.pcap1"), range(100, 110));
}

TEST_F(FlightTest, KilledItsGuardianCompressesTheMemory) {
  Process capture(tool({"--last", "1M", hook_path_, files_.path("out.pcap.gz")}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 100);
  std::this_thread::sleep_for(milliseconds(200));  // until they are in memory
  capture.signal(SIGKILL);
  (void)capture.wait();
  expect_clean();
  must_run({"gzip", "-dk", files_.path("out.pcap.gz")});
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 100));
  expect_account(read_pcapng(file_));
}

// A compressor that takes nothing for a while: the rings are emptied all the same, nothing is lost,
// and what arrives meanwhile is in the next file.
TEST_F(FlightTest, RecordsWhileTheFileIsWritten) {
  const std::string bin = files_.path("bin");
  std::filesystem::create_directory(bin);
  const std::string go = files_.path("go");
  std::ofstream(bin + "/gzip") << "#!/bin/sh\nwhile [ ! -e " << go
                               << " ]; do sleep 0.05; done\nexec /usr/bin/gzip \"$@\"\n";
  ASSERT_EQ(::chmod((bin + "/gzip").c_str(), 0755), 0);
  std::vector<std::string> words = {"env", "PATH=" + bin + ":" + std::getenv("PATH")};
  const auto command =
      tool({"--last", "1M", "--buffer", "1M", "--json", hook_path_, files_.path("out.pcap.gz")});
  words.insert(words.end(), command.begin(), command.end());
  Process capture(words);
  ASSERT_TRUE(is_live(capture)) << capture.err();
  const auto send_slowly = [&](std::uint32_t from, std::uint32_t to) {
    for (constexpr std::uint32_t kSome = 100; from < to; from += kSome) {
      send(XDP_PASS, from, from + kSome, 1000);
      std::this_thread::sleep_for(milliseconds(15));
    }
  };
  send_slowly(0, 2000);
  capture.signal(SIGUSR2);
  std::this_thread::sleep_for(milliseconds(300));
  // Six times the ring, and more than the memory beside what is being written.
  send_slowly(2000, 8000);
  std::ofstream(go) << "go";
  ASSERT_TRUE(is_written(capture, "out.pcap.gz")) << capture.err();
  ASSERT_TRUE(write(capture, "out.pcap1.gz")) << capture.err();
  const ProcessResult result = stop(capture);
  must_run({"gzip", "-dk", files_.path("out.pcap.gz"), files_.path("out.pcap1.gz")});
  constexpr std::uint32_t kKept = (1U << 20U) / (1000 + 28 + 40);
  EXPECT_EQ(numbers_in("out.pcap"), range(2000 - kKept, 2000));
  EXPECT_EQ(numbers_in("out.pcap1"), range(8000 - kKept, 8000));
  EXPECT_THAT(result.out,
              HasSubstr("\"matched\":8000,\"written\":" + std::to_string(2 * kKept) +
                        ",\"left_out\":" + std::to_string(8000 - 2 * kKept) + ",\"lost\":0,"));
}

// A full disk: the recording goes on, what could not be written is lost, and the end says so.
TEST_F(FlightTest, FullDiskLosesOneFileOnly) {
  const SmallDisk disk(files_.path("disk"));
  const std::string path = disk.file("out.pcap");
  Process capture(tool({"--last", "1M", hook_path_, path}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 600, 1000);
  capture.signal(SIGUSR2);
  ASSERT_TRUE(eventually([&] {
    return capture.err().find("No space left on device") != std::string::npos;
  })) << capture.err();
  const PcapngFile cut = read_pcapng(path);  // ends in a whole block
  EXPECT_GT(cut.packets, 0U);
  EXPECT_LT(cut.packets, 600U);
  std::filesystem::remove(path);
  send(XDP_PASS, 600, 700, 1000);
  capture.signal(SIGUSR2);
  ASSERT_TRUE(eventually([&] { return capture.err().find(path + "1: ") != std::string::npos; }))
      << capture.err();
  const PcapngFile second = read_pcapng(path + "1");
  expect_account(second);
  EXPECT_EQ(second.packets, 100U);
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  EXPECT_EQ(result.exit_code, 2);
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.matched, 700U);
  EXPECT_EQ(summary.captured, cut.packets + 100);
  EXPECT_EQ(summary.lost, 600 - cut.packets);
}

TEST_F(FlightTest, NamesWithDatesAndARing) {
  Process dated(tool({"--last", "1M", "-W", "2", hook_path_, files_.path("at-%s.pcap")}));
  ASSERT_TRUE(is_live(dated)) << dated.err();
  for (std::uint32_t i = 0; i < 4; ++i) {
    send(XDP_PASS, i, i + 1);
    dated.signal(SIGUSR2);
    ASSERT_TRUE(eventually([&] {
      const std::string err = dated.err();
      std::size_t files = 0;
      for (auto at = err.find("written on"); at != std::string::npos; ++files) {
        at = err.find("written on", at + 1);
      }
      return files == i + 1;
    })) << dated.err();
  }
  (void)stop(dated);
  ASSERT_EQ(names().size(), 2U);
  EXPECT_THAT(names().front(), MatchesRegex("at-[0-9]+.pcap"));
  EXPECT_EQ(numbers_in(names().front()), range(2, 3));
  EXPECT_EQ(numbers_in(names().back()), range(3, 4));
  for (const std::string& name : names()) std::filesystem::remove(files_.path(name));

  Process ring(tool({"--last", "1M", "-W", "2", hook_path_, file_}));
  ASSERT_TRUE(is_live(ring)) << ring.err();
  for (std::uint32_t i = 0; i < 3; ++i) {
    send(XDP_PASS, i, i + 1);
    ring.signal(SIGUSR2);
    ASSERT_TRUE(eventually([&] {
      const std::string name = "out.pcap" + std::to_string(i % 2);
      return std::filesystem::exists(files_.path(name)) && numbers_in(name) == range(i, i + 1);
    })) << ring.err();
  }
  (void)stop(ring);
  EXPECT_THAT(names(), ElementsAre("out.pcap0", "out.pcap1"));
}

// Each file is made by the user that the capture has become, and the last one by its guardian.
TEST_F(FlightTest, GivesUpRoot) {
  std::filesystem::permissions(files_.path(""), std::filesystem::perms::all);
  Process capture(tool({"-Z", "nobody", "--last", "1M", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  send(XDP_PASS, 0, 10);
  ASSERT_TRUE(write(capture, "out.pcap")) << capture.err();
  send(XDP_PASS, 10, 20);
  std::this_thread::sleep_for(milliseconds(200));
  capture.signal(SIGKILL);
  (void)capture.wait();
  expect_clean();
  EXPECT_EQ(numbers_in("out.pcap"), range(0, 10));
  EXPECT_EQ(numbers_in("out.pcap1"), range(10, 20));
  for (const std::string& name : names()) {
    struct stat info {};
    ASSERT_EQ(::stat(files_.path(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_uid, ::getpwnam("nobody")->pw_uid);
  }
}

TEST_F(FlightTest, SignalWithoutPacketsMakesNoFile) {
  Process capture(tool({"--last", "1M", hook_path_, file_}));
  ASSERT_TRUE(is_live(capture)) << capture.err();
  capture.signal(SIGUSR2);
  EXPECT_TRUE(eventually([&] {
    return capture.err().find("SIGUSR2: there are no packets") != std::string::npos;
  })) << capture.err();
  (void)stop(capture);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(FlightTest, WhatMakesNoSenseIsRefused) {
  struct Case {
    std::vector<std::string> options;
    std::string output;
    std::string message;
  };
  const std::string fifo = files_.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const std::vector<Case> cases = {
      {{"--last", "1M", "-C", "1"}, file_, "-C"},
      {{"--last", "1M", "-G", "1"}, file_, "-G"},
      {{"--last", "1M", "-b", "packets:1"}, file_, "-b"},
      {{"--last", "1M", "--print"}, file_, "--print"},
      {{"--last", "1M", "-a", "filesize:1"}, file_, "-a filesize"},
      {{"--last", "60"}, file_, "has no unit"},
      {{"--last", "0s"}, file_, "invalid time"},
      {{"--last", "1s,2s"}, file_, "two limits of one kind"},
      {{"--last", "1000G"}, file_, "of packets are too much for"},
      {{"--last", "1M", "--trigger", "what"}, file_, "--trigger: "},
      {{"--last", "1M", "--trigger", "filter:tcp prot"}, file_, "--trigger: "},
      {{"--last", "1M", "--trigger", "filter:"}, file_, "the filter is empty"},
      {{"--last", "1M", "--trigger", "fate:what"}, file_, "is not a fate"},
      {{"--trigger", "drop"}, file_, "--trigger needs --last"},
      {{"--after", "1s"}, file_, "--after needs --last"},
      {{"--last", "1M"}, "-", "name a file"},
      {{"--last", "1M"}, fifo, "name a file"},
      {{"--last", "1M"}, "/dev/null", "name a file"},
  };
  for (const auto& [options, output, message] : cases) {
    std::vector<std::string> words = options;
    words.insert(words.end(), {hook_path_, output});
    const ProcessResult result = run(tool(words));
    EXPECT_EQ(result.exit_code, 1) << message;
    EXPECT_THAT(result.err, HasSubstr(message));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    EXPECT_TRUE(hook_is_empty());
  }
  EXPECT_THAT(names(), ElementsAre("fifo"));
}

}  // namespace
}  // namespace xdpcap::test
