// SPDX-License-Identifier: BSD-3-Clause
#include "output/packet_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <numeric>
#include <vector>

#include "ring/rings.hpp"
#include "support/block.hpp"

namespace xdpcap {
namespace {

using test::MadeBlock;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::size_t kSize = 1000;
constexpr std::uint64_t kBlock = sizeof(xdpcap_block) + kSize + sizeof(xdpcap_block_tail);

constexpr std::uint64_t kAll = ~std::uint64_t{0};

std::vector<std::uint64_t> range(std::uint64_t from, std::uint64_t to) {
  std::vector<std::uint64_t> numbers(to - from);
  std::iota(numbers.begin(), numbers.end(), from);
  return numbers;
}

// Packet number i, at time i, of interface i % 3.
struct MemoryWithPackets {
  void keep(std::uint64_t from, std::uint64_t to, bool commits = true) {
    Batch batch(3);
    while (from < to) {
      std::vector<MadeBlock> blocks;
      for (; from < to && blocks.size() < 200; ++from) {
        blocks.emplace_back(test::BlockSpec{.packet = test::numbered_packet(kSize),
                                            .time = from + clock_offset_,
                                            .interface = static_cast<std::uint32_t>(from % 3)});
      }
      for (const MadeBlock& block : blocks) ASSERT_TRUE(batch.append(block.get()));
      memory_.keep(batch);
      batch.clear();
      if (commits) ++dropped_.at(static_cast<std::size_t>(memory_.committed(oldest_)));
    }
  }
  // The times of what has been taken. Counts must agree with what is there.
  std::vector<std::uint64_t> times_of(const PacketMemory::Taken& taken) const {
    std::vector<std::uint64_t> times;
    std::vector<std::uint64_t> packets(3);
    for (const iovec& piece : taken.blocks) {
      const auto* at = static_cast<const std::byte*>(piece.iov_base);
      for (const std::byte* end = at + piece.iov_len; at < end;) {
        const auto& block = *reinterpret_cast<const xdpcap_block*>(at);
        times.push_back(time_of(block) - clock_offset_);
        ++packets.at(block.interface_id);
        at += block.block_length;
      }
    }
    EXPECT_EQ(packets, taken.packets);
    return times;
  }
  [[nodiscard]] std::uint64_t dropped() const {
    return std::accumulate(memory_.dropped().begin(), memory_.dropped().end(), std::uint64_t{0});
  }
  PacketMemory memory_{4 * kMiB, 3};
  std::uint64_t clock_offset_ = 0;
  std::uint64_t oldest_ = 0;
  std::vector<int> dropped_ = std::vector<int>(3);
};

class PacketMemoryTest : public MemoryWithPackets, public ::testing::Test {};

TEST_F(PacketMemoryTest, TakesEverythingWhileThereIsRoom) {
  keep(0, 1000);
  EXPECT_EQ(memory_.kept_packets(), 1000U);
  EXPECT_EQ(times_of(memory_.take(0, kAll)), range(0, 1000));
  EXPECT_EQ(memory_.kept_packets(), 0U);
  EXPECT_EQ(dropped(), 0U);
}

// Many times its size; each packet is either dropped or kept, by interface, too.
TEST_F(PacketMemoryTest, KeepsTheNewestBytes) {
  constexpr std::uint64_t kSent = 100'000;
  keep(0, kSent);
  EXPECT_EQ(dropped() + memory_.kept_packets(), kSent);
  const auto taken = memory_.take(0, kAll);
  constexpr std::uint64_t kKept = 4 * kMiB / kBlock;
  EXPECT_EQ(times_of(taken), range(kSent - kKept, kSent));
  EXPECT_EQ(taken.first_time, kSent - kKept);
  EXPECT_EQ(taken.last_time, kSent - 1);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(memory_.dropped()[i] + taken.packets[i], (kSent + 2 - i) / 3);
  }
  EXPECT_EQ(dropped_[static_cast<std::size_t>(PacketMemory::Dropped::scarce)], 0);
}

TEST_F(PacketMemoryTest, TakesNoOlderAndNoMore) {
  keep(0, 3000);
  EXPECT_EQ(times_of(memory_.take(2500, kAll)), range(2500, 3000));
  memory_.give_back();
  EXPECT_EQ(dropped(), 2500U);
  keep(3000, 4000);
  EXPECT_EQ(times_of(memory_.take(0, 7)), range(3993, 4000));
  EXPECT_EQ(dropped(), 2500U + 993U);
}

TEST_F(PacketMemoryTest, DropsWholeChunksThatAreTooOld) {
  keep(0, 3000);
  EXPECT_EQ(dropped(), 0U);
  oldest_ = 2900;
  keep(3000, 3001);
  EXPECT_GE(dropped(), 1800U);  // all chunks but the last
  EXPECT_LE(dropped(), 2900U);
  EXPECT_EQ(times_of(memory_.take(2900, kAll)), range(2900, 3001));
}

// What is being written keeps its memory; the newest packets are kept in the rest.
TEST_F(PacketMemoryTest, KeepsInTheReserveWhileOthersAreWritten) {
  keep(0, 10'000);
  const auto taken = memory_.take(0, kAll);
  const auto before = times_of(taken);
  keep(10'000, 50'000);
  EXPECT_GT(dropped_[static_cast<std::size_t>(PacketMemory::Dropped::scarce)], 0);
  EXPECT_EQ(times_of(taken), before);
  memory_.give_back();
  dropped_.assign(3, 0);
  keep(50'000, 60'000);
  EXPECT_EQ(dropped_[static_cast<std::size_t>(PacketMemory::Dropped::scarce)], 0);
  constexpr std::uint64_t kKept = 4 * kMiB / kBlock;
  EXPECT_EQ(times_of(memory_.take(0, kAll)), range(60'000 - kKept, 60'000));
  EXPECT_EQ(dropped() + before.size() + kKept, 60'000U);
}

// A date that is set forward or back changes neither what is too old nor the order.
TEST_F(PacketMemoryTest, TheDateMayBeSet) {
  clock_offset_ = 1'000'000;
  memory_.set_clock_offset(clock_offset_);
  keep(0, 1000);
  for (const std::uint64_t offset : {std::uint64_t{9'000'000'000}, std::uint64_t{5}}) {
    clock_offset_ = offset;
    memory_.set_clock_offset(offset);
    oldest_ = 500;
    keep(offset == 5 ? 1100 : 1000, offset == 5 ? 1200 : 1100);
  }
  EXPECT_EQ(memory_.take(500, kAll).total_packets(), 700U);
}

// The guardian finds what the state says, while the capture has gone on since: a batch that is not
// committed overwrites no chunk that the state needs, wherever it begins.
void expect_resumes(bool while_written, std::uint64_t sent) {
  MemoryWithPackets memory;
  PacketMemory& its = memory.memory_;
  memory.keep(0, 5000);
  const std::uint64_t taken = while_written ? its.take(0, kAll).total_packets() : 0;
  memory.keep(5000, sent - 100);
  memory.keep(sent - 100, sent, false);
  // The state, which is stored before what is not needed any more is dropped.
  const Checkpoint::KeptPackets begin = its.positions();
  const std::uint64_t end = its.end();
  const std::vector<std::uint64_t> before(its.dropped().begin(), its.dropped().end());
  const std::uint64_t kept = its.kept_packets() + taken;
  its.committed(0);
  memory.keep(sent, sent + 200, false);  // killed before this is in a state
  its.resume(begin, end, before);
  EXPECT_EQ(its.kept_packets(), kept) << sent;
  EXPECT_EQ(memory.dropped() + kept, sent) << sent;
  memory.keep(sent, sent + 300);
  constexpr std::uint64_t kKept = 4 * kMiB / kBlock;
  const auto last = its.take(0, kAll);
  EXPECT_EQ(memory.times_of(last).size() + memory.dropped(), sent + 300);
  if (while_written) return;  // between those taken and those kept, some are missing
  EXPECT_EQ(memory.times_of(last), range(sent + 300 - kKept, sent + 300)) << sent;
}

TEST(PacketMemory, ResumesAtTheState) {
  for (std::uint64_t sent = 20'000; sent < 22'000; sent += 100) expect_resumes(false, sent);
}

// Where chunks are scarce, each is used again at once.
TEST(PacketMemory, ResumesAtTheStateWhileAFileIsWritten) {
  for (std::uint64_t sent = 20'000; sent < 22'000; sent += 100) expect_resumes(true, sent);
}

}  // namespace
}  // namespace xdpcap
