// SPDX-License-Identifier: BSD-3-Clause
// Fragments as the kernel keeps them, and as it does not: what a recorder makes of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/error.hpp"
#include "filter/expression.hpp"
#include "recorder/tracing_world.hpp"
#include "ring/rings.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kLinear = 100;
constexpr std::uint32_t kHasFragments = 4;
constexpr int kMostFragments = 4;
constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kPages = 3;

struct Fragment {
  std::uint64_t page;
  std::uint32_t length;
  std::uint32_t offset;
};

// FragmentWorld also has a packet's struct xdp_buff, the struct skb_shared_info at the end of its
// buffer, and pages. What is not there is unmapped.
class FragmentWorld : public RecorderWorld {
 public:
  static constexpr std::uint64_t kBuff = 6 * kAddress;
  static constexpr std::uint64_t kHeadStart = 7 * kAddress;
  static constexpr std::uint64_t kMemory = 8 * kAddress;  // of the pages
  static constexpr std::uint64_t kStructs = 0x1230'0000'0000;

  FragmentWorld() : RecorderWorld(kRingBytes) {}

  static constexpr std::size_t kRingBytes = 1U << 16U;

  // Of no kernel.
  struct Buff {
    std::uint64_t data = Interpreter::kPacketAddress;
    std::uint64_t data_end = Interpreter::kPacketAddress + kLinear;
    std::uint64_t rxq = kBuff;  // this struct is all three
    std::uint64_t dev = kBuff;
    std::uint32_t queue_index = 0;
    std::uint32_t ifindex = 1;
    std::uint32_t frame_size = sizeof(Shared) + 500;
    std::uint32_t flags = kHasFragments | 1;
    std::uint64_t hard_start = kHeadStart - 500;
  } buff;
  struct Shared {
    std::array<std::uint8_t, 3> other;
    std::uint8_t count;
    std::uint32_t size;
    std::uint64_t more;
    std::array<Fragment, kMostFragments + 1> fragments;
  } shared{};
  std::array<std::array<std::uint8_t, kPageBytes>, kPages> pages{};

  static RecorderSpec spec(std::uint32_t struct_bytes) {
    RecorderSpec spec = RecorderWorld::spec(kRingBytes);
    spec.action = XdpAction(XDP_DROP);
    const FragmentLayout fragments = {.flags = offsetof(Buff, flags),
                                      .data_hard_start = offsetof(Buff, hard_start),
                                      .frame_size = offsetof(Buff, frame_size),
                                      .has_fragments = kHasFragments,
                                      .shared_bytes = sizeof(Shared),
                                      .count = offsetof(Shared, count),
                                      .size = offsetof(Shared, size),
                                      .fragments = offsetof(Shared, fragments),
                                      .most_fragments = kMostFragments,
                                      .fragment_bytes = sizeof(Fragment),
                                      .page = offsetof(Fragment, page),
                                      .length = offsetof(Fragment, length),
                                      .offset = offsetof(Fragment, offset),
                                      .addresses = {kStructs, kMemory, struct_bytes, 12}};
    const XdpBuffLayout layout = {.data = offsetof(Buff, data),
                                  .data_end = offsetof(Buff, data_end),
                                  .rxq = offsetof(Buff, rxq),
                                  .dev = offsetof(Buff, dev),
                                  .queue_index = offsetof(Buff, queue_index),
                                  .ifindex = offsetof(Buff, ifindex),
                                  .fragments = fragments};
    spec.traced = Traced{layout, TracePoint::exit, -1};
    return spec;
  }

  std::uint8_t* memory(std::uint64_t address, std::size_t size) override {
    if (auto* at = part(&buff, sizeof(buff), kBuff, address, size)) return at;
    if (auto* at = part(&shared, sizeof(shared), kHeadStart, address, size)) return at;
    if (auto* at = part(pages.data(), sizeof(pages), kMemory, address, size)) return at;
    return RecorderWorld::memory(address, size);
  }
  bool is_unmapped(std::uint64_t address) override {
    return address >= kAddress && memory(address, 1) == nullptr;
  }
};

// Of packets of which the recorder does not get as much.
class Fragments : public ::testing::TestWithParam<std::uint32_t> {
 protected:
  Fragments() {
    std::uint8_t next = 0;
    for (auto& page : world_.pages) std::ranges::generate(page, [&] { return next += 7; });
  }
  [[nodiscard]] static std::uint64_t page(std::uint64_t index) {
    return FragmentWorld::kStructs + index * GetParam();
  }
  // Adds a fragment to the packet.
  void add(std::uint64_t index, std::uint32_t offset, std::uint32_t length) {
    const auto& bytes = world_.pages.at(index);
    world_.shared.fragments.at(world_.shared.count++) = {page(index), length, offset};
    world_.shared.size += length;
    packet_.insert(packet_.end(), bytes.begin() + offset, bytes.begin() + offset + length);
  }
  // The bytes that are captured of the packet. All others of the block must be as they should be.
  Packet captured(std::uint32_t snaplen = kMaxSnaplen) {
    RecorderSpec spec = FragmentWorld::spec(GetParam());
    spec.snaplen = snaplen;
    const ebpf::Program program = make_tracing_recorder({&spec, 1}, compile_filter("", LinkType{}));
    Interpreter recorder(program, packet_, kLinear, &world_);
    recorder.set_arguments({FragmentWorld::kBuff, XDP_DROP});
    recorder.run();
    calls_ = recorder.calls().size();
    cursor_.refresh();
    if (!cursor_.ready()) throw Error("nothing was recorded");
    const xdpcap_block& block = cursor_.block();
    EXPECT_EQ(block.original_length, packet_.size());
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&block + 1);
    const std::size_t padded = (std::size_t{block.captured_length} + 3) / 4 * 4;
    EXPECT_EQ(block.block_length, sizeof(block) + padded + sizeof(xdpcap_block_tail));
    EXPECT_TRUE(std::all_of(bytes + block.captured_length, bytes + padded,
                            [](std::uint8_t byte) { return byte == 0; }));
    Packet packet(bytes, bytes + block.captured_length);
    EXPECT_TRUE(std::equal(packet.begin(), packet.end(), packet_.begin()));
    cursor_.next();
    cursor_.release();
    return packet;
  }
  std::size_t captured_bytes(std::uint32_t snaplen = kMaxSnaplen) {
    return captured(snaplen).size();
  }

  FragmentWorld world_;
  Packet packet_ = numbered_packet(kLinear);
  std::size_t calls_ = 0;

 private:
  RingCursor cursor_{world_.ring(), FragmentWorld::kRingBytes};
};

TEST_P(Fragments, FollowTheLinearPart) {
  add(2, 17, 1001);
  add(0, 4000, 96);
  add(2, 0, 4096);
  add(1, 5, 3);
  EXPECT_EQ(captured(), packet_);
}

TEST_P(Fragments, MayBeEmpty) {
  add(0, 0, 0);
  add(1, 8, 9);
  EXPECT_EQ(captured(), packet_);
}

TEST_P(Fragments, EndAtTheSnaplen) {
  add(0, 1, 1000);
  add(1, 2, 1000);
  for (const std::uint32_t snaplen : {1U, 99U, 100U, 101U, 1099U, 1100U, 1101U, 2099U, 2100U}) {
    EXPECT_EQ(captured_bytes(snaplen), snaplen);
  }
  EXPECT_EQ(captured_bytes(2101), 2100U);
}

TEST_P(Fragments, CostNothingWhereThereAreNone) {
  world_.buff.flags = ~kHasFragments;
  world_.shared.count = 1;  // of an earlier packet
  EXPECT_EQ(captured(), packet_);
  EXPECT_EQ(calls_, 6U);
}

TEST_P(Fragments, AreCutBeforeOneWithoutAStructPage) {
  add(0, 0, 10);
  add(1, 0, 10);
  world_.shared.fragments[1].page |= 1;
  EXPECT_EQ(captured_bytes(), kLinear + 10);
}

TEST_P(Fragments, AreCutBeforeOneThatIsNotMapped) {
  add(0, 0, 10);
  add(1, 0, 10);
  add(2, 0, 10);
  world_.shared.fragments[1].page = page(kPages);
  EXPECT_EQ(captured_bytes(), kLinear + 10);
  world_.shared.fragments[0].page = page(kPages + 5);
  EXPECT_EQ(captured_bytes(), kLinear);
}

TEST_P(Fragments, AreNotReadIfTheirSizeIsNotThePackets) {
  add(0, 0, 10);
  for (const int wrong : {-1, 1}) {
    world_.shared.size += wrong;
    EXPECT_EQ(captured_bytes(), kLinear);
    world_.shared.size -= wrong;
  }
  EXPECT_EQ(captured_bytes(), kLinear + 10);
}

TEST_P(Fragments, AreNotReadIfTheStructIsNotMapped) {
  add(0, 0, 10);
  world_.buff.hard_start += 9 * FragmentWorld::kAddress;
  EXPECT_EQ(captured_bytes(), kLinear);
}

TEST_P(Fragments, AreAsManyAsTheStructSays) {
  add(0, 0, 10);
  add(1, 0, 10);
  world_.shared.count = 1;
  EXPECT_EQ(captured_bytes(), kLinear + 10);
}

TEST_P(Fragments, AreAtMostWhatTheKernelHasRoomFor) {
  for (int i = 0; i <= kMostFragments; ++i) add(0, 0, 10);
  EXPECT_EQ(captured_bytes(), kLinear + std::size_t{kMostFragments} * 10);
}

INSTANTIATE_TEST_SUITE_P(StructPages, Fragments, ::testing::Values(64, 56));

}  // namespace
}  // namespace xdpcap::test
