// SPDX-License-Identifier: BSD-3-Clause
#include "bpf/page_addresses.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "bpf/kernel_memory.hpp"
#include "bpf/kernel_types.hpp"

namespace xdpcap {
namespace {

// Skipped where the kernel does not allow to read its memory, or hides its addresses; in the
// machines of tests/vm it does neither.
class PageAddressesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto found = find_page_addresses(types_);
    if (found) addresses_ = *found;
    if (found) return;
#ifdef __x86_64__
    if (std::getenv("XDPCAP_VM") != nullptr) FAIL() << "they are not found";
#endif
    GTEST_SKIP() << "they are not found on this machine";
  }

  KernelTypes types_;
  PageAddresses addresses_;
};

TEST_F(PageAddressesTest, AreTrue) {
  const KernelMemory memory;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(are_true(addresses_, types_, memory));
}

TEST_F(PageAddressesTest, WrongOnesAreRefused) {
  const std::vector<std::function<void(PageAddresses&)>> changes = {
      [](PageAddresses& wrong) { wrong.memory = 0; },
      [](PageAddresses& wrong) { wrong.memory += 4096; },
      [](PageAddresses& wrong) { wrong.memory += 1; },
      [](PageAddresses& wrong) { wrong.memory -= std::uint64_t{1} << 30U; },
      [](PageAddresses& wrong) { wrong.structs += 64; },
      [](PageAddresses& wrong) { wrong.structs -= std::uint64_t{1} << 30U; },
      [](PageAddresses& wrong) { wrong.struct_bytes -= 8; },
      [](PageAddresses& wrong) { wrong.page_shift += 1; }};
  const KernelMemory memory;
  for (const auto& change : changes) {
    PageAddresses wrong = addresses_;
    change(wrong);
    EXPECT_FALSE(are_true(wrong, types_, memory)) << &change - changes.data();
  }
}

TEST_F(PageAddressesTest, MemoryThatIsNotThereIsNotRead) {
  const KernelMemory memory;
  EXPECT_FALSE(memory.read(0));
  EXPECT_FALSE(memory.read(0x1000'0000'0000'0000));
  EXPECT_TRUE(memory.read(addresses_.memory));
}

// If the kernel hides its addresses, nothing is found, and nothing fails.
TEST_F(PageAddressesTest, HiddenOnesAreNotFound) {
  constexpr const char* kSetting = "/proc/sys/kernel/kptr_restrict";
  if (std::getenv("XDPCAP_VM") == nullptr) GTEST_SKIP() << "changes a setting of the machine";
  std::string before;
  std::ifstream(kSetting) >> before;
  ASSERT_TRUE(std::ofstream(kSetting) << 2 << std::flush);
  const auto found = find_page_addresses(types_);
  std::ofstream(kSetting) << before << std::flush;
  EXPECT_FALSE(found);
}

}  // namespace
}  // namespace xdpcap
