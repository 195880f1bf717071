// SPDX-License-Identifier: BSD-3-Clause
// The comment with the ingress interface, in blocks of the emitted recorder.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "filter/expression.hpp"
#include "recorder/recorder_world.hpp"

namespace xdpcap::test {
namespace {

constexpr std::size_t kPacketLength = 61;

// Records packets that come in by one interface after the other.
class IngressRecorder {
 public:
  IngressRecorder() {
    RecorderSpec spec = RecorderWorld::spec(kRing);
    spec.note_ingress = true;
    program_ = make_recorder(spec, compile_filter("", LinkType{}));
  }

  // The block of a packet that arrived on this interface.
  std::vector<std::uint8_t> record(std::uint32_t interface) {
    const std::vector<std::uint8_t> packet(kPacketLength, 0xAA);
    Interpreter recorder(program_, packet, packet.size(), &world_);
    recorder.set_ingress(interface);
    recorder.run();
    const auto* block = reinterpret_cast<const std::uint8_t*>(world_.ring()) + kBlocks + next_;
    std::uint32_t length = 0;
    std::memcpy(&length, block + offsetof(xdpcap_block, block_length), sizeof(length));
    next_ += length;
    return {block, block + length};
  }

 private:
  static constexpr std::size_t kRing = 65536;
  static constexpr std::size_t kBlocks = sizeof(xdpcap_ring);
  RecorderWorld world_{kRing};
  ebpf::Program program_;
  std::size_t next_ = 0;
};

std::uint16_t half_at(const std::vector<std::uint8_t>& block, std::size_t at) {
  std::uint16_t half = 0;
  std::memcpy(&half, &block.at(at), sizeof(half));
  return half;
}

// Every option in turn, as a reader of pcapng would go through them.
std::string options_of(const std::vector<std::uint8_t>& block) {
  std::string text;
  std::size_t at = sizeof(xdpcap_block) + (kPacketLength + 3) / 4 * 4;
  for (std::uint16_t code = half_at(block, at); code != 0; code = half_at(block, at)) {
    const std::size_t length = half_at(block, at + 2);
    const std::size_t padded = (length + 3) / 4 * 4;
    text += std::to_string(code);
    const auto begin = block.begin() + static_cast<std::ptrdiff_t>(at + 4);
    if (code == 1)
      text += "(" + std::string(begin, begin + static_cast<std::ptrdiff_t>(length)) + ")";
    for (std::size_t i = length; i < padded; ++i) {
      if (begin[static_cast<std::ptrdiff_t>(i)] != 0) text += " dirty padding";
    }
    text += " ";
    at += 4 + padded;
  }
  return text + (at + 8 == block.size() ? "end" : "not at the end");
}

TEST(Ingress, IsWrittenWithAllDigitsAndNothingElse) {
  IngressRecorder recorder;
  for (const std::uint32_t interface :
       {0U, 1U, 7U, 42U, 999U, 1000U, 99'999U, 12'345'678U, 99'999'999U, 100'000'000U, 123'456'789U,
        1'000'000'000U, 2'147'483'647U, 4'294'967'295U, 0U, 5U}) {
    // Flags, queue and verdict follow. The second packet's comment was kept.
    const std::string options = "1(ingress=" + std::to_string(interface) + ") 2 6 7 end";
    EXPECT_EQ(options_of(recorder.record(interface)), options);
    EXPECT_EQ(options_of(recorder.record(interface)), options);
  }
}

}  // namespace
}  // namespace xdpcap::test
