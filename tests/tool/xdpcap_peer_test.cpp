// SPDX-License-Identifier: BSD-3-Clause
// Comparison with Cloudflare's xdpcap, if it is installed: the same hook, the same command line,
// files with the same contents.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "source/hook.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {
namespace {

bool xdpcap_is_installed() {
  return run({"sh", "-c", "command -v xdpcap"}).exit_code == 0;
}

// xdpcap's recorders have no attach type, so it can capture only from programs without one.
class XdpcapPeer : public ::testing::Test {
 protected:
  XdpcapPeer() : map_(create_hook()), program_(map_.get(), {0, false}) {
    pins_.pin(map_.get(), "hook");
  }
  void SetUp() override {
    if (!xdpcap_is_installed()) GTEST_SKIP() << "no xdpcap binary on PATH";
  }

  // What a tool captures of one packet of each action, by interface and bytes.
  std::vector<std::pair<std::string, Packet>> capture(std::vector<std::string> command) {
    const std::string file = files_.path("out.pcap");
    command.insert(command.end(), {"-actions", "drop,tx", pins_.path("hook"), file, "greater 60"});
    Process process(std::move(command));
    EXPECT_TRUE(eventually([&] {
      return Hook::open(pins_.path("hook")).program_in(XdpAction(XDP_TX)).has_value();
    })) << process.err();
    // The kernel patches the jump a moment after the slot reads as filled.
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    for (std::uint8_t action = 0; action < 5; ++action) {
      for (const std::size_t size : {59, 60, 61}) {
        Packet packet = numbered_packet(size);
        packet[0] = action;
        program_.run(packet);
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    process.signal(SIGINT);
    EXPECT_EQ(process.wait().exit_code, 0);
    std::vector<std::pair<std::string, Packet>> packets;
    const auto bytes = read_bytes(file);
    const auto seen = read_with_tshark(file);
    for (std::size_t i = 0; i < seen.size(); ++i) packets.emplace_back(seen[i].interface, bytes[i]);
    return packets;
  }

  PinFolder pins_;
  TemporaryFolder files_;
  UniqueFd map_;
  HookedProgram program_;
};

TEST_F(XdpcapPeer, BothCaptureTheSame) {
  const auto theirs = capture({"xdpcap", "-buffer", "65536", "-watermark", "1"});
  const auto ours = capture(tool({"-buffer", "65536", "-watermark", "1"}));
  EXPECT_EQ(ours.size(), 4U);
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace xdpcap::test
