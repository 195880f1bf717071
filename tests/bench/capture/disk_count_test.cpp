// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/disk_count.hpp"

#include <gtest/gtest.h>
#include <linux/if_packet.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "output/pcapng.hpp"
#include "support/process.hpp"
#include "support/temporary_folder.hpp"

namespace xdpcap::bench {
namespace {

using test::must_run;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30U;

template <class Bytes>
void append(const std::string& path, const Bytes& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::app)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size() * sizeof(*bytes.data())));
}

// "name\tpackets" is what capinfos prints for a table without a heading.
std::uint64_t capinfos(const std::string& path) {
  const std::string line = must_run({"capinfos", "-T", "-r", "-c", "-M", path});
  return std::stoull(line.substr(line.find('\t') + 1));
}

class DiskCountTest : public ::testing::Test {
 protected:
  // The beginning of a capture with `packets` of 1500 bytes.
  void begin_pcapng(std::uint32_t packets) const {
    append(file_, pcapng::section_header({}));
    append(file_, pcapng::interface_description({}));
    for (std::uint32_t i = 0; i < packets; ++i) append(file_, block());
  }
  void end_pcapng(std::uint64_t written, std::uint64_t of_another) const {
    append(file_, pcapng::interface_statistics({.interface_id = 0, .written = written}));
    append(file_, pcapng::interface_statistics({.interface_id = 1, .written = of_another}));
  }
  [[nodiscard]] static pcapng::Bytes block() {
    static const std::vector<std::byte> packet(1500);
    return pcapng::enhanced_packet({.bytes = packet, .original_length = 1500, .verdict = 1});
  }
  void grow_to(std::uint64_t size) const { std::filesystem::resize_file(file_, size); }

  test::TemporaryFolder folder_{test::build_folder()};
  std::string file_ = folder_.path("capture");
};

TEST_F(DiskCountTest, CountsAsCapinfosDoes) {
  for (const char* name : {"pcaps/ipv4.pcap", "pcaps/icmp.pcap", "pcaps/jumbo.pcap"}) {
    must_run({"editcap", "-F", "pcapng", name, file_});
    const std::uint64_t packets = capinfos(name);
    EXPECT_GT(packets, 0U);
    for (const std::string& path : {std::string(name), file_}) {
      const DiskCount count = count_on_disk(path);
      EXPECT_EQ(count.packets, packets) << path;
      EXPECT_EQ(count.fault, "") << path;
      EXPECT_TRUE(count.sorted.has_value()) << path;
    }
  }
}

// A file with a hole shows that only its beginning and its size are read.
TEST_F(DiskCountTest, DividesALargePcapFileByTheSizeOfItsRecords) {
  constexpr std::uint64_t kRecords = 2'000'000;
  constexpr std::uint32_t kPacket = 1500;
  append(file_, std::vector<std::uint32_t>{0xA1B2C3D4, 0x00040002, 0, 0, 262144, 1});
  for (int i = 0; i < 1000; ++i) {
    append(file_, std::vector<std::uint32_t>{0, 0, kPacket, kPacket});
    append(file_, std::vector<char>(kPacket));
  }
  grow_to(24 + kRecords * (16 + kPacket));
  EXPECT_EQ(count_on_disk(file_).packets, kRecords);
  EXPECT_EQ(count_on_disk(file_).fault, "");
  grow_to(24 + kRecords * (16 + kPacket) - 1);
  EXPECT_EQ(count_on_disk(file_).packets, kRecords - 1);
  EXPECT_EQ(count_on_disk(file_).fault, "ends within a packet");
}

TEST_F(DiskCountTest, TakesALargePcapngFilesStatisticsIfItsSizeFits) {
  const std::uint64_t fit = 2 * kGiB / block().size();
  begin_pcapng(10);
  grow_to(2 * kGiB);
  end_pcapng(fit - 7, 7);
  EXPECT_EQ(count_on_disk(file_).packets, fit);
  EXPECT_EQ(count_on_disk(file_).fault, "");
  for (const std::uint64_t wrong : {fit + 10, fit - fit / 100}) {
    grow_to(2 * kGiB);
    end_pcapng(wrong, 0);
    EXPECT_EQ(count_on_disk(file_).fault, "its size does not fit its statistics") << wrong;
  }
}

TEST_F(DiskCountTest, ComparesASmallPcapngFileWithItsStatistics) {
  begin_pcapng(3);
  end_pcapng(2, 1);
  EXPECT_EQ(capinfos(file_), 3U);
  EXPECT_EQ(count_on_disk(file_).packets, 3U);
  EXPECT_EQ(count_on_disk(file_).fault, "");
  end_pcapng(1, 0);
  EXPECT_EQ(count_on_disk(file_).packets, 3U);
  EXPECT_EQ(count_on_disk(file_).fault, "its statistics say 4 packets");
}

TEST_F(DiskCountTest, AddsUpTheBlocksOfStenotype) {
  std::filesystem::create_directories(file_ + "/PKT0");
  std::filesystem::create_directories(file_ + "/IDX0");
  constexpr std::size_t kBlock = 1U << 20U;
  std::vector<std::byte> bytes(2 * kBlock);
  for (std::uint32_t i = 0; i < 2; ++i) {
    tpacket_block_desc block{};
    block.version = 1;
    block.hdr.bh1.block_status = 1;
    block.hdr.bh1.num_pkts = 600 + i;
    std::memcpy(&bytes[i * kBlock], &block, sizeof(block));
  }
  append(file_ + "/PKT0/1795774314337301", bytes);
  append(file_ + "/PKT0/.1795774314337302", bytes);  // not finished
  append(file_ + "/IDX0/1795774314337301", bytes);
  EXPECT_EQ(count_on_disk(file_).packets, 2U * 1201);
}

}  // namespace
}  // namespace xdpcap::bench
