// SPDX-License-Identifier: BSD-3-Clause
// --sample and --rate on real links: the account, and what the files say of them.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/text.hpp"
#include "recorder/recorder.hpp"
#include "support/patience.hpp"
#include "support/pcapng_file.hpp"
#include "tool/lab_fixture.hpp"
#include "tool/tracing_fixture.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class BudgetTest : public LabTest {
 protected:
  BudgetTest() { load(false); }

  [[nodiscard]] std::string m0() const { return "m0@" + middle_.name(); }
  void attach_hooked() { attach(middle_, "m0", program("by_first_byte")); }
  void capture(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-w", file_, kOnlyTestFrames});
    start_command(tool(arguments));
    start_ = std::chrono::steady_clock::now();
  }
  void send(std::uint8_t action, std::uint64_t count) const {
    for (std::uint32_t i = 0; i < count; ++i) from_left_->send(test_frame(action, i));
  }
  // Ends the capture of so many frames. All accounts, and the file, have to agree.
  Summary end(std::uint64_t frames) {
    took_ = std::chrono::steady_clock::now() - start_;
    result_ = end_capture();
    EXPECT_EQ(result_.exit_code, 0) << result_.err;
    const Summary summary = parse_summary(result_.err);
    EXPECT_GE(summary.received, frames);  // without a hook, the kernel's own packets count, too
    EXPECT_EQ(summary.matched, frames);
    EXPECT_EQ(summary.lost, 0U);
    EXPECT_EQ(summary.captured + summary.left_out, frames);
    EXPECT_EQ(read_bytes(file_).size(), summary.captured);
    const PcapngFile::Statistics total = read_pcapng(file_).total();
    EXPECT_EQ(total.received, summary.received);
    EXPECT_EQ(total.accepted, frames);
    EXPECT_EQ(total.delivered, summary.captured);
    EXPECT_EQ(total.dropped, 0U);
    return summary;
  }
  static void expect_sample(std::uint64_t chosen, double frames, double sample) {
    const double p = 1 / sample;
    EXPECT_NEAR(static_cast<double>(chosen), frames * p, 5 * std::sqrt(frames * p * (1 - p)));
  }
  // What a rate pays for since the capture began.
  [[nodiscard]] std::uint64_t most(std::uint32_t rate) const {
    const std::chrono::duration<double> seconds = took_;
    return burst_of(rate) + static_cast<std::uint64_t>(seconds.count() * rate) + 1;
  }
  // Every block and option, as Wireshark dissects a pcapng file.
  [[nodiscard]] std::string blocks() const {
    return run({"tshark", "-n", "-X", "read_format:MIME Files Format", "-r", file_, "-V"}).out;
  }

  ProcessResult result_;

 private:
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::duration took_{};
};

TEST_F(BudgetTest, ASampleOfAllActions) {
  constexpr std::uint64_t kEach = 2000;
  attach_hooked();
  capture({"-i", m0(), "--sample", "4"});
  send(XDP_DROP, kEach);
  send(XDP_PASS, kEach);
  const Summary summary = end(2 * kEach);
  expect_sample(summary.captured, 2 * kEach, 4);
  EXPECT_THAT(result_.err, HasSubstr("recording 1 in 4 packets at random\n"));
  EXPECT_THAT(result_.err,
              HasSubstr(std::to_string(summary.left_out) + " packets not selected (--sample 4)\n"));
  // By action.
  const PcapngFile file = read_pcapng(file_);
  for (const int action : {XDP_DROP, XDP_PASS}) {
    const auto& its = file.statistics.at(static_cast<std::size_t>(action));
    EXPECT_EQ(its.accepted, kEach);
    expect_sample(its.delivered, kEach, 4);
  }
}

TEST_F(BudgetTest, TheFileSaysWhatWasRecorded) {
  attach_hooked();
  capture({"-i", m0(), "--sample", "3", "--rate", "1000"});
  send(XDP_DROP, 300);
  const Summary summary = end(300);
  EXPECT_THAT(result_.err, HasSubstr(" packets not selected (--sample 3, --rate 1000)\n"));
  EXPECT_THAT(capinfos(file_, "Description"),
              HasSubstr(", 1 in 3 packets at random, at most 1000 packets a second, host "));
  EXPECT_EQ(capinfos(file_, "Filter string"), kOnlyTestFrames);
  const std::string all = blocks();
  EXPECT_THAT(all, HasSubstr("Comment: sample=3 rate=1000\n"));
  EXPECT_THAT(all, HasSubstr("Number of Received Packets: 300\n"));
  EXPECT_THAT(all, HasSubstr("Number of Accepted by Filter Packets: 300\n"));
  EXPECT_THAT(all, HasSubstr("Number of Delivered to the User Packets: " +
                             std::to_string(summary.captured) + "\n"));
}

TEST_F(BudgetTest, WithoutABudgetNothingIsSaidOfIt) {
  attach_hooked();
  capture({"-i", m0(), "--sample", "1"});
  send(XDP_DROP, 100);
  EXPECT_EQ(end(100).captured, 100U);
  EXPECT_THAT(result_.err, Not(HasSubstr("recording")));
  EXPECT_THAT(result_.err, Not(HasSubstr("not selected")));
  EXPECT_THAT(blocks(), Not(HasSubstr("Comment")));
  EXPECT_THAT(capinfos(file_, "Description"), Not(HasSubstr("1 in")));
}

TEST_F(BudgetTest, ARateOfAllActionsTogether) {
  constexpr std::uint64_t kEach = 500;
  attach_hooked();
  capture({"-i", m0(), "--rate", "20"});
  for (unsigned i = 0; i < 2; ++i) {
    send(XDP_DROP, kEach);
    send(XDP_PASS, kEach);
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
  }
  const Summary summary = end(4 * kEach);
  EXPECT_LE(summary.captured, most(20));
  EXPECT_GE(summary.captured, 20U);  // two bursts
  EXPECT_THAT(result_.err, HasSubstr("recording at most 20 packets a second\n"));
}

TEST_F(BudgetTest, EachSourceHasItsRate) {
  attach_hooked();
  fill_devices(map("devices"));
  capture({"-i", m0(), "-i", "r0@" + right_.name(), "--rate", "30"});
  send(XDP_REDIRECT, 500);
  const Summary summary = end(1000);
  EXPECT_LE(summary.captured, 2 * most(30));
  EXPECT_GE(summary.captured, 20U);
  const PcapngFile file = read_pcapng(file_);
  EXPECT_GE(file.statistics.at(XDP_REDIRECT).delivered, 10U);
  EXPECT_LE(file.statistics.at(XDP_REDIRECT).delivered, most(30));
  EXPECT_GE(file.statistics.back().delivered, 10U);
  EXPECT_LE(file.statistics.back().delivered, most(30));
  EXPECT_THAT(
      result_.err,
      ::testing::ContainsRegex(
          m0() + ": [0-9]+ captured, 500 matched, 500 received, [0-9]+ not selected, 0 lost"));
}

TEST_F(BudgetTest, JsonAddsUp) {
  attach_hooked();
  capture({"-i", m0(), "--rate", "1", "--json"});
  send(XDP_DROP, 100);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const std::uint64_t written = read_bytes(file_).size();
  const std::string counts = R"("received":100,"matched":100,"written":)" +
                             std::to_string(written) + R"(,"left_out":)" +
                             std::to_string(100 - written) + R"(,"lost":0)";
  const std::string last = result.out.substr(result.out.find(R"("type":"summary")"));
  EXPECT_THAT(last, HasSubstr(R"("actions":{)"));
  EXPECT_THAT(last, HasSubstr(R"("drop":{)" + counts));
  EXPECT_THAT(last.substr(0, last.find("actions")), HasSubstr(counts));
  EXPECT_LT(written, 20U);
}

TEST_F(BudgetTest, OnAnInterfaceWithoutAProgram) {
  capture({"-i", m0(), "--sample", "5"});
  send(XDP_DROP, 2000);
  expect_sample(end(2000).captured, 2000, 5);
}

// The guardian makes the recorders of the next program.
TEST_F(BudgetTest, StaysWhenTheProgramIsReloaded) {
  attach_hooked();
  capture({"-i", m0(), "--follow", "--rate", "20"});
  send(XDP_DROP, 300);
  const BpfObject reloaded = load_bpf_object(object_file(false));
  middle_.run({"ip", "link", "set", "dev", "m0", "xdpdrv", "off"});
  attach(middle_, "m0", reloaded.program("by_first_byte"));
  ASSERT_TRUE(eventually([&] {
    return capture_->err().find("continuing with that one") != std::string::npos;
  })) << capture_->err();
  send(XDP_DROP, 300);
  const Summary summary = end(600);
  EXPECT_LE(summary.captured, most(20));
  EXPECT_GT(summary.captured, 10U);
}

// The limit counts what is written, not what is left out.
TEST_F(BudgetTest, CountsToALimit) {
  attach_hooked();
  capture({"-i", m0(), "--sample", "2", "-c", "50"});
  send(XDP_DROP, 400);
  const ProcessResult result = capture_->wait();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.captured, 50U);
  EXPECT_EQ(summary.lost, 0U);
  EXPECT_EQ(summary.matched, summary.captured + summary.left_out);
  EXPECT_GT(summary.left_out, 10U);
  EXPECT_EQ(read_bytes(file_).size(), 50U);
}

// All files together have all packets.
TEST_F(BudgetTest, OfFilesThatFollowEachOther) {
  attach_hooked();
  start_command(tool({"-i", m0(), "--sample", "2", "-C", "1k", "-w", file_, kOnlyTestFrames}));
  send(XDP_DROP, 500);
  send(XDP_PASS, 500);
  const ProcessResult result = end_capture();
  EXPECT_EQ(result.exit_code, 0) << result.err;
  const Summary summary = parse_summary(result.err);
  EXPECT_EQ(summary.captured + summary.left_out, 1000U);
  PcapngFile::Statistics sum;
  std::uint64_t packets = 0;
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(files_.path(""))) {
    const PcapngFile file = read_pcapng(entry.path());
    const PcapngFile::Statistics its = file.total();
    EXPECT_EQ(its.delivered, file.packets);
    EXPECT_EQ(its.dropped, 0U);
    sum.accepted += its.accepted;
    sum.delivered += its.delivered;
    packets += file.packets;
    ++files;
  }
  EXPECT_GT(files, 3U);
  EXPECT_EQ(sum.accepted, 1000U);
  EXPECT_EQ(sum.delivered, summary.captured);
  EXPECT_EQ(packets, summary.captured);
}

// What had been left out before the capture was killed, and what was after that.
TEST_F(BudgetTest, KilledTheAccountIsExact) {
  attach_hooked();
  capture({"-i", m0(), "--sample", "3"});
  send(XDP_DROP, 300);
  capture_->signal(SIGSTOP);
  send(XDP_DROP, 300);
  capture_->signal(SIGKILL);
  capture_->wait();
  ASSERT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && !file->statistics.empty();
  }));
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.total().accepted, 600U);
  EXPECT_EQ(file.total().delivered, file.packets);
  EXPECT_EQ(file.total().dropped, 0U);
  expect_sample(file.packets, 600, 3);
  EXPECT_THAT(blocks(), HasSubstr("Comment: sample=3\n"));
}

class TracedBudgetTest : public BudgetTest {
 protected:
  TracedBudgetTest() { LabFixture::load(std::string(BPF_OBJECTS) + "/hookless.o"); }

  void SetUp() override {
    skip_without_tracing(program("hookless"));
    attach(middle_, "m0", program("hookless"));
  }
};

TEST_F(TracedBudgetTest, AtTheExit) {
  capture({"-i", m0(), "--sample", "4"});
  send(XDP_DROP, 1000);
  send(XDP_PASS, 1000);
  expect_sample(end(2000).captured, 2000, 4);
}

TEST_F(TracedBudgetTest, AtTheEntry) {
  capture({"-i", m0(), "--at", "entry", "--rate", "20"});
  send(XDP_DROP, 1000);
  const Summary summary = end(1000);
  EXPECT_LE(summary.captured, most(20));
  EXPECT_GE(summary.captured, 10U);
}

// Both records of a packet are in the file, or none.
TEST_F(TracedBudgetTest, AtBothEndsTheSamePackets) {
  capture({"-i", m0(), "--at", "both", "--sample", "4"});
  send(XDP_DROP, 1000);
  const Summary summary = end(2000);
  expect_sample(summary.captured / 2, 1000, 4);
  const std::vector<ReadPacket> packets = read_with_tshark(file_);
  ASSERT_EQ(packets.size() % 2, 0U);
  for (std::size_t i = 0; i < packets.size(); i += 2) {
    EXPECT_FALSE(packets[i].id.empty());
    EXPECT_EQ(packets[i].id, packets[i + 1].id) << i;
  }
}

}  // namespace
}  // namespace xdpcap::test
