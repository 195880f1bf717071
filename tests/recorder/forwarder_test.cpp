// SPDX-License-Identifier: BSD-3-Clause
// Forwarders in the kernel: a program in a slot that calls a recorder.
#include "recorder/forwarder.hpp"

#include <bpf/bpf.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "recorder/lone_recorder.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

class ForwarderTest : public ::testing::Test {
 protected:
  static void put(const UniqueFd& map, std::uint32_t key, const UniqueFd& program) {
    const int fd = program.get();
    ASSERT_EQ(bpf_map_update_elem(map.get(), &key, &fd, BPF_ANY), 0);
  }
  static UniqueFd one_program() {
    return create_map(BPF_MAP_TYPE_PROG_ARRAY, "one", sizeof(std::uint32_t), sizeof(std::uint32_t),
                      1);
  }
  // Puts a forwarder to the recorder into its slot.
  void forward() {
    const RecorderSpec spec = {.action = XdpAction(XDP_DROP),
                               .interface_id = 0,
                               .snaplen = kMaxSnaplen,
                               .cpus = lone_.cpus.possible,
                               .counters_row = 0,
                               .control_fd = lone_.control.fd(),
                               .rings_fd = -1,
                               .ring_bytes = 0,
                               .wakeup_fd = -1,
                               .frags = false,
                               .has_xdp_load_bytes = false,
                               .next_fd = next_.get()};
    forwarder_ = load_xdp_program("forwarder", make_forwarder(spec, recorder_.get()),
                                  LoneRecorder::kFlavour);
    put(lone_.hook, XDP_DROP, forwarder_);
  }
  [[nodiscard]] std::uint32_t run() const { return lone_.hooked.run(numbered_packet(60)); }
  [[nodiscard]] std::uint64_t received() const { return lone_.control.read(0).received; }

  LoneRecorder lone_{""};
  UniqueFd recorder_ = one_program();
  UniqueFd next_ = one_program();
  UniqueFd forwarder_;
};

TEST_F(ForwarderTest, CallsTheRecorder) {
  put(recorder_, 0, lone_.recorder);
  forward();
  EXPECT_EQ(run(), static_cast<std::uint32_t>(XDP_DROP));
  EXPECT_EQ(received(), 1U);
}

TEST_F(ForwarderTest, ReturnsTheActionWithoutOne) {
  forward();
  EXPECT_EQ(run(), static_cast<std::uint32_t>(XDP_DROP));
  EXPECT_EQ(received(), 0U);
}

TEST_F(ForwarderTest, CallsTheNextCaptureWithoutOne) {
  put(next_, 0, lone_.recorder);
  forward();
  EXPECT_EQ(run(), static_cast<std::uint32_t>(XDP_DROP));
  EXPECT_EQ(received(), 1U);
}

}  // namespace
}  // namespace xdpcap::test
