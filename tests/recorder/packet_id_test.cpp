// SPDX-License-Identifier: BSD-3-Clause
// The ids that recorders at both ends of a program give to packets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "filter/expression.hpp"
#include "recorder/tracing_world.hpp"
#include "ring/rings.hpp"
#include "support/packet.hpp"

namespace xdpcap::test {
namespace {

using ::testing::ElementsAre;

constexpr std::uint64_t kNone = 0;
constexpr const char* kAll = "";
constexpr const char* kNothing = "ether[0] = 99";

std::uint64_t id(std::uint64_t number) {
  return std::uint64_t{RecorderWorld::kCpu} << 48U | number;
}

// Of a block without lost packets.
std::uint64_t id_of(const xdpcap_block& block) {
  xdpcap_packet_id option{};
  const auto* after = reinterpret_cast<const std::byte*>(&block + 1) + TracingWorld::kLength;
  std::memcpy(&option, after, sizeof(option));
  if (option.code != 5) return kNone;
  EXPECT_EQ(option.length, 8);
  std::uint64_t value = 0;
  std::memcpy(&value, option.id, sizeof(value));
  return value;
}

ebpf::Program recorder(TracePoint point, const char* filter, std::uint32_t sample = 1) {
  RecorderSpec spec = TracingWorld::spec();
  spec.action = XdpAction(XDP_DROP);
  spec.traced->point = point;
  spec.traced->numbers_packets = true;
  spec.budget.sample = sample;
  return make_tracing_recorder({&spec, 1}, compile_filter(filter, LinkType{}));
}

class PacketId : public ::testing::Test {
 protected:
  void enter(std::uint64_t buff = TracingWorld::kBuff, const char* filter = kAll) {
    run(recorder(TracePoint::entry, filter), buff, 0);
  }
  void leave(std::uint64_t buff = TracingWorld::kBuff, std::uint64_t action = XDP_DROP) {
    run(recorder(TracePoint::exit, kAll), buff, action);
  }
  // Through both ends, of which one packet in two is recorded: that whose number is the smaller
  // one.
  void pass_sampled(std::uint32_t at_entry, std::uint32_t at_exit) {
    world_.random = at_entry;
    run(recorder(TracePoint::entry, kAll, 2), TracingWorld::kBuff, 0);
    world_.random = at_exit;
    run(recorder(TracePoint::exit, kAll, 2), TracingWorld::kBuff, XDP_DROP);
  }
  void leave_sampled(std::uint32_t random) {
    world_.random = random;
    run(recorder(TracePoint::exit, kAll, 2), TracingWorld::kBuff, XDP_DROP);
  }
  std::vector<std::uint64_t> ids() {
    std::vector<std::uint64_t> ids;
    for (cursor_.refresh(); cursor_.ready(); cursor_.next()) ids.push_back(id_of(cursor_.block()));
    cursor_.release();
    return ids;
  }

 private:
  void run(const ebpf::Program& program, std::uint64_t buff, std::uint64_t action) {
    const Packet packet = numbered_packet(TracingWorld::kLength);
    Interpreter recorder(program, packet, packet.size(), &world_);
    recorder.set_arguments({buff, action});
    recorder.run();
  }

  TracingWorld world_;
  RingCursor cursor_{world_.ring(), TracingWorld::kRingBytes};
};

TEST_F(PacketId, IsTheSameAtBothEnds) {
  for (int i = 0; i < 2; ++i) {
    enter();
    leave();
  }
  EXPECT_THAT(ids(), ElementsAre(id(1), id(1), id(2), id(2)));
}

TEST_F(PacketId, CountsPacketsThatAreNotRecorded) {
  enter(TracingWorld::kBuff, kNothing);
  leave();
  enter();
  leave(TracingWorld::kBuff, XDP_PASS);  // not captured
  leave();
  EXPECT_THAT(ids(), ElementsAre(id(1), id(2), kNone));
}

TEST_F(PacketId, IsMissingWithoutAnEntry) {
  leave();
  enter();
  leave();
  leave();
  EXPECT_THAT(ids(), ElementsAre(kNone, id(1), id(1), kNone));
}

// What the entry has drawn decides at both ends; without an entry, the exit draws.
TEST_F(PacketId, IsRecordedAtBothEndsOrAtNone) {
  constexpr std::uint32_t kChosen = 0x7fff'ffff;
  constexpr std::uint32_t kLeftOut = 0x8000'0000;
  pass_sampled(kChosen, kLeftOut);
  pass_sampled(kLeftOut, kChosen);
  pass_sampled(kChosen, kChosen);
  pass_sampled(kLeftOut, kLeftOut);
  EXPECT_THAT(ids(), ElementsAre(id(1), id(1), id(3), id(3)));
  leave_sampled(kLeftOut);
  leave_sampled(kChosen);
  EXPECT_THAT(ids(), ElementsAre(kNone));
}

TEST_F(PacketId, IsNotThatOfAnInterruptingPacket) {
  enter();
  leave(TracingWorld::kOtherBuff);
  leave();
  enter();
  enter(TracingWorld::kOtherBuff);
  leave();
  leave(TracingWorld::kOtherBuff);
  EXPECT_THAT(ids(), ElementsAre(id(1), kNone, id(1), id(2), id(3), kNone, id(3)));
}

}  // namespace
}  // namespace xdpcap::test
