// SPDX-License-Identifier: BSD-3-Clause
#include "output/block_buffer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "output/pcapng.hpp"
#include "support/capture_reader.hpp"
#include "support/record.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap {
namespace {

using test::MadeRecord;
using test::numbered_packet;
using ::testing::ElementsAre;

pcapng::Bytes header() {
  pcapng::Bytes file = pcapng::section_header({.hardware = "", .os = "", .application = "test"});
  for (const char* name : {"XDPdrop", "XDPpass"}) {
    const pcapng::Bytes interface =
        pcapng::interface_description({.name = name, .description = "", .filter = "", .os = ""});
    file.insert(file.end(), interface.begin(), interface.end());
  }
  return file;
}

class BlockBufferTest : public ::testing::Test {
 protected:
  BlockBufferTest() { buffer_.append(header()); }

  std::string file() {
    test::write_file(folder_.path("file"), buffer_.bytes());
    return folder_.path("file");
  }

  BlockBuffer buffer_{2};
  test::TemporaryFolder folder_;
};

TEST_F(BlockBufferTest, PacketsAreWhatTheReadersRead) {
  for (const std::uint32_t size : {14U, 60U, 61U, 62U, 63U, 1514U}) {
    const MadeRecord record({.packet = numbered_packet(size),
                             .time = 1'000'000'000 + size,
                             .interface = size % 2,
                             .action = size % 2 + 1,
                             .queue = size});
    ASSERT_TRUE(buffer_.append(record.get(), 1'700'000'000'000'000'000));
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
    EXPECT_EQ(packets[i].time, 1'700'000'001'000'000'000 + size);
    EXPECT_EQ(packets[i].drop_count, "");
  }
  EXPECT_THAT(buffer_.packets(), ElementsAre(4, 2));
}

TEST_F(BlockBufferTest, LossStandsOnThePacketBehindIt) {
  buffer_.append(MadeRecord({.packet = numbered_packet(60)}).get(), 0);
  buffer_.append(MadeRecord({.packet = numbered_packet(61), .dropped = 4'000'000'000}).get(), 0);
  buffer_.append(MadeRecord({.packet = numbered_packet(62)}).get(), 0);
  const auto packets = test::read_with_tshark(file());
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_EQ(packets[0].drop_count, "");
  EXPECT_EQ(packets[1].drop_count, "4000000000");
  EXPECT_EQ(packets[1].verdict, "2");
  EXPECT_EQ(packets[2].drop_count, "");
  EXPECT_EQ(test::read_bytes(file())[1], numbered_packet(61));
}

TEST_F(BlockBufferTest, FillsUpAndTakesAnythingWhenEmpty) {
  const MadeRecord record({.packet = numbered_packet(1500), .dropped = 1});
  std::size_t taken = 0;
  while (buffer_.append(record.get(), 0)) ++taken;
  EXPECT_LE(buffer_.bytes().size(), BlockBuffer::kBatchBytes);
  EXPECT_GT(taken, 100U);
  buffer_.clear();
  EXPECT_TRUE(buffer_.empty());
  EXPECT_THAT(buffer_.packets(), ElementsAre(0, 0));
  EXPECT_TRUE(
      buffer_.append(MadeRecord({.packet = numbered_packet(262144), .dropped = 1}).get(), 0));
}

TEST_F(BlockBufferTest, KeepsOnlyWholeBlocks) {
  const std::size_t start = buffer_.bytes().size();
  for (const std::uint32_t interface : {0U, 1U, 1U}) {
    buffer_.append(MadeRecord({.packet = numbered_packet(60), .interface = interface}).get(), 0);
  }
  const std::size_t block = (buffer_.bytes().size() - start) / 3;
  buffer_.keep_whole_blocks(start + 3 * block - 1);
  EXPECT_EQ(buffer_.bytes().size(), start + 2 * block);
  EXPECT_THAT(buffer_.packets(), ElementsAre(1, 1));
  buffer_.keep_whole_blocks(start + block);
  EXPECT_THAT(buffer_.packets(), ElementsAre(1, 0));
  buffer_.keep_whole_blocks(start - 1);
  EXPECT_THAT(buffer_.packets(), ElementsAre(0, 0));
}

}  // namespace
}  // namespace xdpcap
