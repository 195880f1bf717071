// SPDX-License-Identifier: BSD-3-Clause
// Real frames on real links: left --- middle --- right, with the hooked program in the middle. The
// other ends show what the kernel did with a frame; the capture must agree.
#pragma once

#include <gtest/gtest.h>
#include <linux/bpf.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/capture_reader.hpp"
#include "support/lab_fixture.hpp"

namespace xdpcap::test {

inline constexpr const char* kOnlyTestFrames = "ether proto 0x88b5";

inline std::string object_file(bool frags) {
  return std::string(BPF_OBJECTS) + (frags ? "/lab_frags.o" : "/lab.o");
}

class LabTest : public LabFixture {
 protected:
  LabTest() {
    at_middle_ = std::make_unique<PacketSocket>(middle_, "m0");
    at_right_ = std::make_unique<PacketSocket>(right_, "r0");
  }

  // Loads the lab's programs with libbpf.
  void load(bool frags) { LabFixture::load(object_file(frags)); }

  // A veth end accepts frames from the other end's XDP (TX, redirect) only if it runs XDP itself.
  void let_ends_receive() {
    attach(left_, "l0", program("pass"));
    attach(right_, "r0", program("pass"));
  }

  // Redirects go out of m1, with an optional program at the exit.
  void fill_devices(int map_fd, int program_fd = -1) const {
    bpf_devmap_val value{};
    value.ifindex = static_cast<std::uint32_t>(middle_.interface_index("m1"));
    value.bpf_prog.fd = program_fd;
    fill_devmap(map_fd, 0, value);
  }

  void start_capture(const std::string& hook) {
    start_command(tool({"--ingress", hook, file_, kOnlyTestFrames}));
  }
  void stop_capture(std::size_t packets) {
    const ProcessResult result = end_capture();
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_summary(result.err).captured, packets);
    EXPECT_EQ(parse_summary(result.err).lost, 0U);
  }

  // Frames of each action in turn; what became of them shows at the ends and in the capture.
  void expect_every_action(std::size_t size, const std::string& hook,
                           bool redirects_arrive = true) {
    start_capture(hook);
    constexpr std::uint32_t kFrames = 100;
    std::vector<Packet> sent;
    std::vector<std::vector<Packet>> by_action(5);
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      sent.push_back(test_frame(static_cast<std::uint8_t>(i % 5), i, size));
      by_action[i % 5].push_back(sent.back());
      from_left_->send(sent.back());
    }
    EXPECT_EQ(at_middle_->receive(kFrames), by_action[XDP_PASS]);
    EXPECT_EQ(from_left_->receive(kFrames), by_action[XDP_TX]);
    if (!redirects_arrive) by_action[XDP_REDIRECT].clear();
    EXPECT_EQ(at_right_->receive(kFrames), by_action[XDP_REDIRECT]);

    stop_capture(kFrames);
    EXPECT_EQ(read_bytes(file_), sent);
    const auto packets = read_with_tshark(file_);
    ASSERT_EQ(packets.size(), kFrames);
    const std::string ingress = "ingress=" + std::to_string(middle_.interface_index("m0"));
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      EXPECT_EQ(packets[i].verdict, std::to_string(i % 5));
      EXPECT_EQ(packets[i].comment, ingress);
    }
  }

  std::unique_ptr<PacketSocket> at_middle_, at_right_;
};

}  // namespace xdpcap::test
