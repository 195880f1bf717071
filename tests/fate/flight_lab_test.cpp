// SPDX-License-Identifier: BSD-3-Clause
// --last with --trigger fate:...: on real links, on which packets get lost.
#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "fate/fate_lab.hpp"
#include "support/pcapng_file.hpp"

namespace xdpcap::test {
namespace {

using ::testing::HasSubstr;

class FlightLab : public FateLab {
 protected:
  FlightLab() {
    let_right_receive();
    fill(0, "m1");
  }

  void start_recording(const std::vector<std::string>& options) {
    std::vector<std::string> words = options;
    words.insert(words.end(), {pins_.path("hook"), file_, "ether proto 0x88b5"});
    capture_ = std::make_unique<Process>(tool(words));
    ASSERT_TRUE(eventually([&] {
      return capture_->err().find("keeps the packets") != std::string::npos;
    })) << capture_->err();
  }
  [[nodiscard]] bool is_written() const {
    return eventually([&] { return capture_->err().find(file_ + ": ") != std::string::npos; });
  }
};

TEST_F(FlightLab, RedirectThatFailsWritesTheFile) {
  ASSERT_NO_FATAL_FAILURE(start_recording({"--last", "1M", "--trigger", "fate:failed"}));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) frames.push_back(frame_for(TRY_DEVMAP, 0, i));
  send(frames);
  EXPECT_FALSE(
      eventually([&] { return std::filesystem::exists(file_); }, std::chrono::milliseconds(300)));
  middle_.run({"ip", "link", "set", "m1", "down"});
  frames.push_back(frame_for(TRY_DEVMAP, 0, 20));
  send({frames.back()});
  ASSERT_TRUE(is_written()) << capture_->err();
  ASSERT_NO_FATAL_FAILURE(stop());
  EXPECT_EQ(bytes_, frames);
  ASSERT_EQ(packets_.size(), frames.size());
  EXPECT_THAT(packets_.front().comment, HasSubstr("fate=redirected"));
  EXPECT_THAT(packets_.back().comment, HasSubstr("fate=dropped reason=ENETDOWN"));
  EXPECT_THAT(err_, HasSubstr("written on fate failed"));
  EXPECT_EQ(summary_.matched, 21U);
  EXPECT_EQ(summary_.captured, 21U);
}

// Packets with other fates are in no file, but trigger one; both counts of packets not selected, by
// fate and by age, are one, also after a kill.
TEST_F(FlightLab, KilledTheAccountOfFatesIsExact) {
  ASSERT_NO_FATAL_FAILURE(start_recording({"--last", "1M", "--fate=redirected"}));
  std::vector<Packet> frames;
  for (std::uint32_t i = 0; i < 20; ++i) {
    frames.push_back(frame_for(i % 2 == 0 ? TRY_DEVMAP : TRY_DROP, 0, i));
  }
  send(frames);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until they are in memory
  freeze();
  send(frames);
  ASSERT_NO_FATAL_FAILURE(kill());
  const PcapngFile file = read_pcapng(file_);
  EXPECT_EQ(file.packets, 20U);
  EXPECT_EQ(file.total().accepted, 40U);
  EXPECT_EQ(file.total().delivered, 20U);
  EXPECT_EQ(file.total().dropped, 0U);
}

}  // namespace
}  // namespace xdpcap::test
