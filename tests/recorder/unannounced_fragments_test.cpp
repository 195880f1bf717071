// SPDX-License-Identifier: BSD-3-Clause
// Packets with fragments in a program that was loaded without frags, as happens under a libxdp
// dispatcher. Here a test run does it.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bpf/features.hpp"
#include "recorder/lone_recorder.hpp"
#include "support/packet.hpp"

namespace xdpcap {
namespace {

struct Record {
  std::uint32_t original_length;
  test::Packet bytes;
};

std::vector<Record> record(const char* filter, const test::Packet& packet) {
  test::LoneRecorder recorder(filter);
  recorder.hooked.run(packet);
  std::vector<Record> records;
  for (RingCursor& cursor : recorder.rings.cursors()) {
    for (cursor.refresh(); cursor.ready(); cursor.next()) {
      const xdpcap_block& block = cursor.block();
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(&block) + sizeof(block);
      records.push_back({block.original_length, {bytes, bytes + block.captured_length}});
    }
  }
  return records;
}

TEST(UnannouncedFragments, AreKeptAndCounted) {
  if (!has_xdp_load_bytes()) GTEST_SKIP() << "this kernel has no fragmented XDP packets (5.18)";
  const test::Packet packet = test::numbered_packet(9000);
  const char* const filters[] = {"", "len = 9000", "ether[8999] = 0x34 and not ether[8998] = 1"};
  EXPECT_EQ(packet.back(), 0x34);
  for (const char* filter : filters) {
    const std::vector<Record> records = record(filter, packet);
    ASSERT_EQ(records.size(), 1U) << filter;
    EXPECT_EQ(records[0].original_length, 9000U);
    EXPECT_EQ(records[0].bytes, packet);
  }
  EXPECT_EQ(record("len < 9000 or ether[8999] = 1", packet).size(), 0U);
}

}  // namespace
}  // namespace xdpcap
