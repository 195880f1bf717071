// SPDX-License-Identifier: BSD-3-Clause
// A capture in a control group whose memory runs out.
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>

#include "support/capture_reader.hpp"
#include "support/memory_group.hpp"
#include "tool/guardian_fixture.hpp"

namespace xdpcap::test {
namespace {

class MemoryTest : public GuardianTest {
 protected:
  // It allocates memory until it is stopped; the kernel is to kill the capture first.
  void run_out_of_memory(const Process& capture) const {
    std::ofstream("/proc/" + std::to_string(capture.pid()) + "/oom_score_adj") << 1000;
    const Process glutton(group_.inside({"tail", "/dev/zero"}));
    ASSERT_TRUE(eventually([&] { return group_.kills() > 0; }));
    ASSERT_TRUE(eventually([&] { return hook_is_empty(); }));
  }

  static constexpr std::uint64_t kLimit = std::uint64_t{96} << 20;
  MemoryGroup group_{kLimit};
};

TEST_F(MemoryTest, AKilledCaptureLeavesACleanHookAndAWholeFile) {
  Process capture(group_.inside(tool({"-buffer", "1048576", hook_path_, file_})));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  ASSERT_GT(guardian(), 0);
  constexpr std::uint32_t kBefore = 500;
  for (std::uint32_t i = 0; i < kBefore; ++i) program_.run(packet_for(i % 5, 60 + i));
  ASSERT_TRUE(eventually([&] {
    const auto file = read_growing_pcapng(file_);
    return file && file->packets == kBefore;
  }));
  capture.signal(SIGSTOP);  // what comes now is the guardian's to write
  for (std::uint32_t i = kBefore; i < 2 * kBefore; ++i) program_.run(packet_for(i % 5, 60 + i));
  run_out_of_memory(capture);
  EXPECT_EQ(capture.wait().exit_code, 128 + SIGKILL);
  expect_clean();
  const PcapngFile file = read_pcapng(file_);
  expect_exact_accounts(file);
  EXPECT_EQ(file.packets, 2 * kBefore);
  EXPECT_EQ(file.total().dropped, 0U);
  const auto bytes = read_bytes(file_);
  ASSERT_EQ(bytes.size(), 2 * kBefore);
  for (std::uint32_t i = 0; i < 2 * kBefore; ++i) ASSERT_EQ(bytes[i], packet_for(i % 5, 60 + i));
}

// A container's limit, not the machine's memory, is what rings are sized by.
class SmallGroup : public GuardianTest {
 protected:
  void SetUp() override {
#ifdef __has_feature
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "AddressSanitizer needs more memory than the group has";
#endif
#endif
  }

  MemoryGroup group_{std::uint64_t{16} << 20};
};

TEST_F(SmallGroup, HasRoomForTheRingsThatAreMadeUnasked) {
  Process capture(group_.inside(tool({"-q", hook_path_, file_})));
  ASSERT_TRUE(wait_until_live(capture, file_)) << capture.err();
  program_.run(packet_for(XDP_DROP), 10);
  capture.signal(SIGINT);
  EXPECT_EQ(capture.wait().exit_code, 0);
  EXPECT_EQ(read_pcapng(file_).packets, 10U);
}

TEST_F(SmallGroup, SaysWhatToDoAboutRingsThatDoNotFit) {
  const ProcessResult result =
      run(group_.inside(tool({"-q", "-buffer", "67108864", hook_path_, file_})));
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("use a smaller --buffer, or raise the memory limit"), std::string::npos)
      << result.err;
  EXPECT_TRUE(hook_is_empty());
}

}  // namespace
}  // namespace xdpcap::test
