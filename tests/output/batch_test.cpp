// SPDX-License-Identifier: BSD-3-Clause
#include "output/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "output/made_header.hpp"
#include "support/block.hpp"
#include "support/capture_reader.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::MadeBlock;
using test::numbered_packet;
using ::testing::ElementsAre;

pcapng::Bytes header() {
  return test::file_header({"XDPdrop", "XDPpass"});
}

class BatchTest : public ::testing::Test {
 protected:
  BatchTest() { batch_.append(header_); }

  // Blocks have to outlive the batch.
  bool append(const test::BlockSpec& spec) {
    return batch_.append(blocks_.emplace_back(spec).get());
  }

  [[nodiscard]] std::vector<std::byte> bytes() const {
    std::vector<std::byte> all;
    for (const iovec& piece : batch_.pieces()) {
      const auto* first = static_cast<const std::byte*>(piece.iov_base);
      all.insert(all.end(), first, first + piece.iov_len);
    }
    EXPECT_EQ(all.size(), batch_.size());
    return all;
  }
  std::string file() {
    test::write_file(folder_.path("file"), bytes());
    return folder_.path("file");
  }

  const pcapng::Bytes header_ = header();
  std::deque<MadeBlock> blocks_;
  Batch batch_{2};
  test::TemporaryFolder folder_;
};

TEST_F(BatchTest, PacketsAreWhatTheReadersRead) {
  for (const std::uint32_t size : {14U, 60U, 61U, 62U, 63U, 1514U}) {
    ASSERT_TRUE(append({.packet = numbered_packet(size),
                        .time = 1'700'000'001'000'000'000U + size,
                        .interface = size % 2,
                        .action = size % 2 + 1,
                        .queue = size}));
  }
  const auto packets = test::read_with_tshark(file());
  const auto bytes = test::read_bytes(file());
  ASSERT_EQ(packets.size(), 6U);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const std::size_t size = bytes[i].size();
    EXPECT_EQ(bytes[i], numbered_packet(size));
    EXPECT_EQ(packets[i].length, size);
    EXPECT_EQ(packets[i].interface, size % 2 == 0 ? "XDPdrop" : "XDPpass");
    EXPECT_EQ(packets[i].verdict, std::to_string(size % 2 + 1));
    EXPECT_EQ(packets[i].queue, std::to_string(size));
    EXPECT_EQ(packets[i].time, 1'700'000'001'000'000'000U + size);
    EXPECT_EQ(packets[i].drop_count, "");
  }
  EXPECT_THAT(batch_.packets(), ElementsAre(4, 2));
}

TEST_F(BatchTest, LossIsReportedWithTheNextPacket) {
  append({.packet = numbered_packet(60)});
  append({.packet = numbered_packet(61), .dropped = 4'000'000'000});
  append({.packet = numbered_packet(62)});
  const auto packets = test::read_with_tshark(file());
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0].drop_count, "");
  EXPECT_EQ(packets[1].drop_count, "4000000000");
  EXPECT_EQ(packets[1].verdict, "2");
  EXPECT_EQ(packets[2].drop_count, "");
  EXPECT_EQ(test::read_bytes(file())[1], numbered_packet(61));
}

TEST_F(BatchTest, FillsUpAndTakesAnythingWhenEmpty) {
  std::size_t taken = 0;
  while (append({.packet = numbered_packet(1500), .dropped = 1})) ++taken;
  EXPECT_LE(batch_.size(), Batch::kMostBytes);
  EXPECT_GT(taken, 100U);
  batch_.clear();
  EXPECT_TRUE(batch_.empty());
  EXPECT_THAT(batch_.packets(), ElementsAre(0, 0));
  EXPECT_TRUE(append({.packet = numbered_packet(2 * Batch::kMostBytes)}));
}

TEST_F(BatchTest, FillsUpWithManySmallPieces) {
  std::size_t taken = 0;
  while (append({.packet = numbered_packet(14)})) ++taken;
  EXPECT_EQ(taken, Batch::kMostPieces - 1);  // the header is one
}

TEST_F(BatchTest, NeighboursAreOnePiece) {
  std::vector<std::uint8_t> ring;
  for (const std::uint32_t size : {60U, 61U}) {
    const MadeBlock block({.packet = numbered_packet(size)});
    ring.insert(ring.end(), block.bytes().begin(), block.bytes().end());
  }
  const auto& first = *reinterpret_cast<const xdpcap_block*>(ring.data());
  const auto& second = *reinterpret_cast<const xdpcap_block*>(ring.data() + first.block_length);
  EXPECT_TRUE(batch_.append(first));
  EXPECT_TRUE(batch_.append(second));
  EXPECT_EQ(batch_.pieces().size(), 2U);
  EXPECT_EQ(test::read_bytes(file()).size(), 2U);
}

TEST_F(BatchTest, KeepsOnlyWholeBlocks) {
  const std::size_t start = batch_.size();
  for (const std::uint32_t interface : {0U, 1U, 1U}) {
    append({.packet = numbered_packet(60), .interface = interface});
  }
  const std::size_t block = (batch_.size() - start) / 3;
  batch_.keep_whole_blocks(start + 3 * block - 1);
  EXPECT_EQ(batch_.size(), start + 2 * block);
  EXPECT_THAT(batch_.packets(), ElementsAre(1, 1));
  batch_.keep_whole_blocks(start + block);
  EXPECT_THAT(batch_.packets(), ElementsAre(1, 0));
  batch_.keep_whole_blocks(start - 1);
  EXPECT_THAT(batch_.packets(), ElementsAre(0, 0));
}

// Another program writes to the ring after the block was taken.
TEST_F(BatchTest, KeepsWhatComesBeforeABlockThatWasWrittenOver) {
  const std::size_t start = batch_.size();
  for (int i = 0; i < 3; ++i) append({.packet = numbered_packet(60)});
  const std::size_t block = (batch_.size() - start) / 3;
  const auto keep_with = [&](std::uint32_t length, std::uint32_t interface) {
    Batch batch = batch_;
    xdpcap_block& second = blocks_[1].get();
    const xdpcap_block before = second;
    second.block_length = length;
    second.interface_id = interface;
    batch.keep_whole_blocks(start + 3 * block - 1);
    std::memcpy(&second, &before, sizeof(before));
    EXPECT_EQ(batch.size(), start + block);
    EXPECT_THAT(batch.packets(), ElementsAre(1, 0));
  };
  const auto length = static_cast<std::uint32_t>(block);
  for (const std::uint32_t other : {0U, 4U, 8U, 0xffffffffU}) keep_with(other, 0);
  for (const std::uint32_t other : {2U, 0x7fffffffU}) keep_with(length, other);
}

// A packet's fate makes way for a comment that is not in the ring.
class BatchWithFatesTest : public BatchTest {
 protected:
  bool append_with_comment(const test::BlockSpec& spec) {
    xdpcap_block& block = blocks_.emplace_back(spec).get();
    const Comments comments{.fate = kComment};
    if (!batch_.append(block, comments)) return false;
    auto* end = reinterpret_cast<std::byte*>(&block) + block.block_length;
    block.block_length = with_comments(block.block_length, comments);
    std::memcpy(end - sizeof(std::uint32_t), &block.block_length, sizeof(std::uint32_t));
    return true;
  }

  // opt_comment: code 1, 7 bytes, and one to fill up.
  static constexpr std::array kComment = {std::byte{1},   std::byte{0},   std::byte{7},
                                          std::byte{0},   std::byte{'f'}, std::byte{'a'},
                                          std::byte{'t'}, std::byte{'e'}, std::byte{'='},
                                          std::byte{'o'}, std::byte{'k'}, std::byte{0}};
};

TEST_F(BatchWithFatesTest, CommentsStandWhereFatesWere) {
  for (const std::uint32_t size : {14U, 61U, 1514U}) {
    ASSERT_TRUE(append_with_comment(
        {.packet = numbered_packet(size), .dropped = size, .fate = xdpcap_fate{}}));
  }
  ASSERT_TRUE(append({.packet = numbered_packet(60)}));
  const auto packets = test::read_with_tshark(file());
  const auto bytes = test::read_bytes(file());
  ASSERT_EQ(packets.size(), 4U);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(packets[i].comment, "fate=ok");
    EXPECT_EQ(packets[i].verdict, "2");
    EXPECT_EQ(packets[i].drop_count, std::to_string(bytes[i].size()));
    EXPECT_EQ(bytes[i], numbered_packet(bytes[i].size()));
  }
  EXPECT_EQ(packets[3].comment, "");
  EXPECT_THAT(batch_.packets(), ElementsAre(4, 0));
}

// Blocks are in three pieces now, and a write can end in each of them.
TEST_F(BatchWithFatesTest, KeepsOnlyWholeBlocksWhereverItIsCut) {
  const std::size_t start = batch_.size();
  for (int i = 0; i < 3; ++i) {
    append_with_comment({.packet = numbered_packet(60), .fate = xdpcap_fate{}});
  }
  const std::size_t block = (batch_.size() - start) / 3;
  for (std::size_t cut = start + 3 * block; cut-- > start;) {
    batch_.keep_whole_blocks(cut);
    const std::size_t whole = (cut - start) / block;
    ASSERT_EQ(batch_.size(), start + whole * block) << cut;
    ASSERT_THAT(batch_.packets(), ElementsAre(whole, 0)) << cut;
    ASSERT_EQ(test::read_bytes(file()).size(), whole) << cut;
  }
}

TEST_F(BatchWithFatesTest, FillsUpWithPieces) {
  std::size_t taken = 0;
  while (append_with_comment({.packet = numbered_packet(14), .fate = xdpcap_fate{}})) ++taken;
  EXPECT_EQ(taken, (Batch::kMostPieces - 1) / 3);
}

TEST_F(BatchTest, TakesNoBlockOfAnInterfaceThatTheFileDoesNotHave) {
  EXPECT_THROW(append({.packet = numbered_packet(60), .interface = 2}), Error);
  const MadeBlock no_fate({.packet = {}});  // too short for one
  EXPECT_THROW(batch_.append(no_fate.get(), Comments{.fate = {}}), Error);
  EXPECT_EQ(batch_.total_packets(), 0U);
}

}  // namespace
}  // namespace xdpcap
