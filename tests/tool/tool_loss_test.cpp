// SPDX-License-Identifier: BSD-3-Clause
// More packets than a capture can record: losses are counted and reported.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/cpu.hpp"
#include "support/flood.hpp"
#include "tool/tool_fixture.hpp"

namespace xdpcap::test {
namespace {

// Stopped in the middle of a flood on every CPU: whatever matched is in the file or counted lost.
TEST_F(ToolTest, StoppingUnderFullLoadLosesNothingUncounted) {
  for (const char* buffer : {"4096", "67108864"}) {
    const std::string file = files_.path(buffer);
    Process capture(tool({"-buffer", buffer, hook_path_, file}));
    ASSERT_TRUE(wait_until_live(capture, file)) << capture.err();
    std::optional<Flood> flood;
    flood.emplace(program_, std::vector{packet_for(XDP_DROP, 80), packet_for(XDP_PASS, 80)});
    // Until the file has grown: only then is the flood in full swing.
    const auto grown = std::filesystem::file_size(file) + 1'000'000;
    EXPECT_TRUE(eventually([&] { return std::filesystem::file_size(file) > grown; },
                           std::chrono::minutes(1)));
    capture.signal(SIGINT);
    const ProcessResult result = capture.wait();
    flood.reset();

    EXPECT_EQ(result.exit_code, 0) << result.err;
    const Summary summary = parse_summary(result.err);
    EXPECT_GT(summary.captured, 1000U);
    EXPECT_EQ(summary.matched, summary.captured + summary.lost);
    EXPECT_EQ(read_bytes(file).size(), summary.captured);
    EXPECT_EQ(capinfos(file, "Strict time order"), "True");
    EXPECT_EQ(result.err.find("that matched: try") != std::string::npos, summary.lost > 0);
  }
}

// A CPU's next record reports its earlier losses, so all packets are sent from one.
TEST_F(ToolTest, LossIsToldEvenWhenQuietAndStandsInTheFile) {
  Process capture(tool({"-q", "-buffer", "4096", "-actions", "drop", hook_path_, file_}));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  std::thread([&] {
    stay_on_this_cpu();
    program_.run(packet_for(XDP_DROP), 100'000);
    for (int i = 0; i < 50; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      program_.run(packet_for(XDP_DROP, 61));
    }
  }).join();
  capture.signal(SIGINT);
  const ProcessResult result = capture.wait();
  std::uint64_t dropped = 0;
  const auto packets = read_with_tshark(file_);
  for (const ReadPacket& packet : packets) {
    if (!packet.drop_count.empty()) dropped += std::stoull(packet.drop_count);
  }
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(packets.size() + dropped, 100'050U);
  EXPECT_THAT(result.err,
              ::testing::HasSubstr(std::to_string(dropped) + " packets lost of 100050"));
}

}  // namespace
}  // namespace xdpcap::test
