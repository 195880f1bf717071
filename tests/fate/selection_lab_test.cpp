// SPDX-License-Identifier: BSD-3-Clause
// Which packets --fate=LIST writes, and the counts.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fate/fate_lab.hpp"
#include "support/pcapng_file.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class Selection : public FateLab {
 protected:
  Selection() {
    let_right_receive();
    fill(0, "m1");
  }

  // A hundred of each: aborted, dropped by the program, passed, sent back, redirected.
  void capture_some(const std::vector<std::string>& options, const std::string& filter = "") {
    ASSERT_NO_FATAL_FAILURE(start(options, filter));
    send_some();
    ASSERT_NO_FATAL_FAILURE(stop());
  }
  void send_some() const {
    for (std::uint32_t i = 0; i < kEach; ++i) {
      for (const std::uint8_t what : {TRY_ABORTED, TRY_DROP, TRY_PASS, TRY_TX, TRY_DEVMAP}) {
        from_left_->send(frame_for(what, 0, i));
      }
    }
  }
  // How many packets in the file asked for that.
  [[nodiscard]] std::ptrdiff_t written(std::uint8_t what) const {
    return std::count_if(bytes_.begin(), bytes_.end(),
                         [what](const Packet& packet) { return packet[0] == what; });
  }

  static constexpr std::uint32_t kEach = 100;
};

TEST_F(Selection, OnlyFailed) {
  ASSERT_NO_FATAL_FAILURE(capture_some({"--only-failed"}));
  EXPECT_EQ(written(TRY_ABORTED), kEach);
  EXPECT_EQ(bytes_.size(), kEach);
  // The account stays exact.
  EXPECT_EQ(summary_.matched, 5 * kEach);
  EXPECT_EQ(summary_.captured, kEach);
  EXPECT_EQ(summary_.lost, 0U);
  EXPECT_THAT(err_, HasSubstr("400 packets not selected (--fate)"));
}

TEST_F(Selection, ByFateActionAndPacket) {
  ASSERT_NO_FATAL_FAILURE(capture_some({"--actions", "tx,redirect,pass", "--fate=redirected,none"},
                                       "ether[14:4] < 0x0a000000"));  // little-endian: i < 10
  EXPECT_EQ(written(TRY_PASS), 10);
  EXPECT_EQ(written(TRY_DEVMAP), 10);
  EXPECT_EQ(bytes_.size(), 20U);
  EXPECT_EQ(summary_.matched, 30U);
  EXPECT_THAT(err_, HasSubstr("10 packets not selected (--fate)"));
}

TEST_F(Selection, ByReason) {
  middle_.run({"ip", "link", "set", "m1", "down"});
  ASSERT_NO_FATAL_FAILURE(capture_some({"--fate=enetdown"}));
  EXPECT_EQ(written(TRY_DEVMAP), kEach);
  EXPECT_EQ(bytes_.size(), kEach);
}

// First the sample, in the kernel; of that, the fates. The table has all packets.
TEST_F(Selection, OfASample) {
  ASSERT_NO_FATAL_FAILURE(capture_some({"--sample", "2", "--fate=redirected,aborted"}));
  EXPECT_EQ(summary_.matched, 5 * kEach);
  EXPECT_EQ(summary_.lost, 0U);
  EXPECT_EQ(summary_.captured + summary_.left_out, 5 * kEach);
  EXPECT_EQ(bytes_.size(), summary_.captured);
  // Five standard deviations.
  EXPECT_NEAR(static_cast<double>(written(TRY_ABORTED)), kEach / 2.0, 25);
  EXPECT_NEAR(static_cast<double>(written(TRY_DEVMAP)), kEach / 2.0, 25);
  EXPECT_EQ(written(TRY_ABORTED) + written(TRY_DEVMAP), std::ssize(bytes_));
  EXPECT_THAT(err_, HasSubstr(" packets not selected (--sample 2, --fate)"));
  EXPECT_THAT(err_, ::testing::ContainsRegex("-> m1[^ ]* +100 +0 "));
}

// What a capture had left out before it was killed, and what its guardian leaves out then: both are
// in the account of the file. Statistics have no field for packets left out: they are what matched
// and was neither delivered nor dropped.
TEST_F(Selection, KilledTheAccountIsExact) {
  ASSERT_NO_FATAL_FAILURE(start({"--fate=redirected,aborted"}));
  send_some();
  ASSERT_TRUE(eventually([&] { return read_bytes(file_).size() == std::size_t{2} * kEach; }));
  freeze();
  send_some();
  ASSERT_NO_FATAL_FAILURE(kill());
  EXPECT_EQ(written(TRY_ABORTED), 2 * kEach);
  EXPECT_EQ(written(TRY_DEVMAP), 2 * kEach);
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 4 * kEach);
  EXPECT_EQ(file.total().received, 10 * kEach);
  EXPECT_EQ(file.total().accepted, 10 * kEach);
  EXPECT_EQ(file.total().delivered, 4 * kEach);
  EXPECT_EQ(file.total().dropped, 0U);
}

// As fast as the kernel makes them: a million redirects, of which the device takes all.
TEST_F(Selection, AMillionPacketsAreAccountedFor) {
  constexpr std::uint32_t kFrames = 1'000'000;
  right_.run({"ip", "link", "set", "dev", "r0", "xdpdrv", "off"});
  attach(right_, "r0", program("swallow"));
  ASSERT_NO_FATAL_FAILURE(start({"--fate", "-s", "64"}));
  const auto begin = std::chrono::steady_clock::now();
  run_live(frame_for(TRY_DEVMAP, 0), kFrames);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  ASSERT_NO_FATAL_FAILURE(end());
  // In the report (--gtest_output), and no more: how fast it goes is the machine's affair.
  RecordProperty("packets_per_second", static_cast<int>(kFrames / took.count()));
  RecordProperty("lost", static_cast<int>(summary_.lost));
  EXPECT_EQ(summary_.matched, kFrames);
  EXPECT_EQ(summary_.captured + summary_.lost, kFrames);
  EXPECT_EQ(read_bytes(file_).size(), summary_.captured);
  EXPECT_THAT(err_, ::testing::ContainsRegex("-> m1[^ ]* +1000000 +0 "));
  // tshark would take minutes for so many comments.
  const std::string contents = read_file(file_);
  const std::string comment =
      "fate=redirected to=" + device("m1") + " via=" + via("devices", 0) + trailer();
  std::uint64_t found = 0;
  for (auto at = contents.find(comment); at != std::string::npos;
       at = contents.find(comment, at + comment.size())) {
    ++found;
  }
  EXPECT_EQ(found, summary_.captured);
}

}  // namespace
}  // namespace xdpcap::test
