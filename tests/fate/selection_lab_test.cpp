// SPDX-License-Identifier: BSD-3-Clause
// Which packets are written, how many there were, and whose fate each one has when there are many.
#include <gmock/gmock.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <random>
#include <thread>

#include "fate/fate_lab.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Selection : public FateLab {
 protected:
  Selection() {
    let_right_receive();
    fill(0, "m1");
  }

  // A hundred of each: aborted, dropped by the program, passed, sent back, redirected.
  void capture_some(const std::vector<std::string>& options, const std::string& filter = "") {
    ASSERT_NO_FATAL_FAILURE(start(options, filter));
    for (std::uint32_t i = 0; i < kEach; ++i) {
      for (const std::uint8_t what : {TRY_ABORTED, TRY_DROP, TRY_PASS, TRY_TX, TRY_DEVMAP}) {
        from_left_->send(frame_for(what, 0, i));
      }
    }
    ASSERT_NO_FATAL_FAILURE(stop());
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
  EXPECT_THAT(err_, HasSubstr("400 packets left out: another fate"));
}

TEST_F(Selection, ByFateActionAndPacket) {
  ASSERT_NO_FATAL_FAILURE(capture_some({"--actions", "tx,redirect,pass", "--fate=redirected,none"},
                                       "ether[14:4] < 0x0a000000"));  // little-endian: i < 10
  EXPECT_EQ(written(TRY_PASS), 10);
  EXPECT_EQ(written(TRY_DEVMAP), 10);
  EXPECT_EQ(bytes_.size(), 20U);
  EXPECT_EQ(summary_.matched, 30U);
  EXPECT_THAT(err_, HasSubstr("10 packets left out: another fate"));
}

TEST_F(Selection, ByReason) {
  middle_.run({"ip", "link", "set", "m1", "down"});
  ASSERT_NO_FATAL_FAILURE(capture_some({"--fate=enetdown"}));
  EXPECT_EQ(written(TRY_DEVMAP), kEach);
  EXPECT_EQ(bytes_.size(), kEach);
}

// Two CPUs send at once, each frame with a fate of its own choice: what the frame asked for, and
// what its comment says, have to be the same for every one.
TEST_F(Selection, EveryFateLandsOnItsOwnPacket) {
  middle_.run({"ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1"});
  fill(1, "v0");  // its peer runs no XDP
  ASSERT_NO_FATAL_FAILURE(start());
  constexpr std::uint32_t kFrames = 20'000;
  const auto send_from = [this](std::uint32_t cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu % std::thread::hardware_concurrency(), &set);
    ::sched_setaffinity(0, sizeof(set), &set);
    std::mt19937 random(cpu);
    const PacketSocket socket(left_, "l0");
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      constexpr std::array kWhat = {TRY_ABORTED, TRY_DROP,   TRY_PASS,   TRY_TX,
                                    TRY_DEVMAP,  TRY_DEVMAP, TRY_INVALID};
      const auto what = static_cast<std::uint8_t>(kWhat.at(random() % kWhat.size()));
      socket.send(frame_for(what, random() % 3, cpu * kFrames + i));
    }
  };
  std::thread other(send_from, 1);
  send_from(0);
  other.join();
  ASSERT_NO_FATAL_FAILURE(stop());

  ASSERT_EQ(bytes_.size(), 2 * kFrames);
  const std::string no_report = "ingress=" + std::to_string(index("m0")) + " rxq=0";
  const std::vector<std::string> by_key = {
      "fate=redirected to=" + device("m1") + " via=" + via("devices", 0) + trailer(),
      "fate=dropped reason=EOPNOTSUPP to=" + device("v0") + " via=" + via("devices", 1) + trailer(),
      "fate=aborted" + trailer()};
  const std::vector<std::string> by_what = {"fate=aborted" + trailer(),
                                            no_report,
                                            no_report,
                                            "fate=queued " + no_report,
                                            "",
                                            "",
                                            "",
                                            "fate=dropped reason=invalid-action" + trailer()};
  for (std::size_t i = 0; i < bytes_.size(); ++i) {
    const std::uint8_t what = bytes_[i][0];
    const std::string& expected = what == TRY_DEVMAP ? by_key.at(bytes_[i][1]) : by_what.at(what);
    ASSERT_EQ(packets_[i].comment, expected) << "packet " << i << " asked for " << int{what};
  }
}

// As fast as the kernel makes them: a million redirects, of which the device takes all.
TEST_F(Selection, AMillionPacketsAreAccountedFor) {
  constexpr std::uint32_t kFrames = 1'000'000;
  ASSERT_NO_FATAL_FAILURE(start({"--fate", "-s", "64"}));
  run_live(frame_for(TRY_DEVMAP, 0), kFrames);
  ASSERT_NO_FATAL_FAILURE(end());
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
