// SPDX-License-Identifier: BSD-3-Clause
// Real frames on real links: left --- middle --- right, with the hooked program in the middle. What
// the kernel did with a frame shows at the other ends; what the capture says has to agree.
#pragma once

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "support/capture_reader.hpp"
#include "support/hooked_program.hpp"
#include "support/network.hpp"
#include "support/packet_socket.hpp"
#include "support/temporary_folder.hpp"
#include "support/tool.hpp"

namespace xdpcap::test {

inline constexpr const char* kOnlyTestFrames = "ether proto 0x88b5";

inline std::string object_file(bool frags) {
  return std::string(BPF_OBJECTS) + (frags ? "/lab_frags.o" : "/lab.o");
}

class LabTest : public ::testing::Test {
 protected:
  LabTest() {
    join(left_, "l0", "10.0.0.1/24", middle_, "m0", "10.0.0.2/24");
    join(middle_, "m1", "10.0.1.1/24", right_, "r0", "10.0.1.2/24");
    from_left_ = std::make_unique<PacketSocket>(left_, "l0");
    at_middle_ = std::make_unique<PacketSocket>(middle_, "m0");
    at_right_ = std::make_unique<PacketSocket>(right_, "r0");
  }

  // Loads the lab's programs with libbpf.
  void load(bool frags) {
    object_.reset(bpf_object__open_file(object_file(frags).c_str(), nullptr));
    if (!object_ || bpf_object__load(object_.get()) != 0) throw Error("loading the lab's programs");
  }
  [[nodiscard]] int program(const char* name) const {
    return bpf_program__fd(bpf_object__find_program_by_name(object_.get(), name));
  }
  [[nodiscard]] int map(const char* name) const {
    return bpf_map__fd(bpf_object__find_map_by_name(object_.get(), name));
  }

  void attach(const Namespace& where, const std::string& interface, int program_fd,
              const std::string& mode = "xdpdrv") {
    const std::string name = "attach" + std::to_string(attached_++);
    pins_.pin(program_fd, name);
    where.run({"ip", "link", "set", "dev", interface, mode, "pinned", pins_.path(name)});
  }

  // A veth end takes frames from the other end's XDP (TX, redirect) only while it runs XDP itself.
  void let_ends_receive() {
    attach(left_, "l0", program("pass"));
    attach(right_, "r0", program("pass"));
  }

  // Redirects go out of m1, with an optional program at the exit.
  void fill_devices(int map_fd, int program_fd = -1) const {
    const std::uint32_t key = 0;
    bpf_devmap_val value{};
    value.ifindex = static_cast<std::uint32_t>(middle_.interface_index("m1"));
    value.bpf_prog.fd = program_fd;
    // The kernel looks the index up in the namespace of who fills the map.
    middle_.call([&] {
      if (bpf_map_update_elem(map_fd, &key, &value, BPF_ANY) != 0) {
        throw system_error("filling the devmap", errno);
      }
    });
  }

  void start_capture(const std::string& hook) {
    capture_ = std::make_unique<Process>(tool({"--ingress", hook, file_, kOnlyTestFrames}));
    ASSERT_TRUE(wait_until_live(*capture_, file_)) << capture_->err();
  }
  void stop_capture(std::size_t packets) {
    capture_->signal(SIGINT);
    const ProcessResult result = capture_->wait();
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

  struct CloseObject {
    void operator()(bpf_object* object) const { bpf_object__close(object); }
  };

  Namespace left_, middle_, right_;
  PinFolder pins_;
  TemporaryFolder files_;
  std::string file_ = files_.path("out.pcap");
  std::unique_ptr<PacketSocket> from_left_, at_middle_, at_right_;
  std::unique_ptr<bpf_object, CloseObject> object_;
  std::unique_ptr<Process> capture_;
  int attached_ = 0;
};

}  // namespace xdpcap::test
