// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/packet_count.hpp"

#include <algorithm>
#include <cstring>

namespace xdpcap::bench {
namespace {

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t offset) {
  Number number{};
  if (offset + sizeof(number) <= bytes.size()) {
    std::memcpy(&number, bytes.data() + offset, sizeof(number));
  }
  return number;
}

std::size_t padded(std::size_t length) {
  return (length + 3) & ~std::size_t{3};
}

class Counter {
 public:
  void add(std::uint64_t time) {
    ++count_.packets;
    if (time < last_time_) count_.sorted = false;
    last_time_ = time;
  }

  // pcap: a header of 24 bytes, then seconds, fraction, captured and original length, packet.
  PacketCount count_pcap(std::span<const std::byte> rest) {
    constexpr std::size_t kFileHeader = 24;
    constexpr std::size_t kPacketHeader = 16;
    rest = rest.subspan(std::min(kFileHeader, rest.size()));
    while (rest.size() >= kPacketHeader) {
      const std::size_t size = kPacketHeader + number_at<std::uint32_t>(rest, 8);
      if (size > rest.size()) break;
      add((std::uint64_t{number_at<std::uint32_t>(rest, 0)} << 32U) +
          number_at<std::uint32_t>(rest, 4));
      rest = rest.subspan(size);
    }
    count_.complete = rest.empty();
    return count_;
  }

  // pcapng: blocks of type, length, body, length.
  PacketCount count_pcapng(std::span<const std::byte> rest) {
    constexpr std::uint32_t kEnhancedPacket = 6;
    constexpr std::size_t kSmallestBlock = 12;
    while (rest.size() >= kSmallestBlock) {
      const auto length = number_at<std::uint32_t>(rest, 4);
      if (length < kSmallestBlock || length > rest.size()) break;
      if (number_at<std::uint32_t>(rest, 0) == kEnhancedPacket) add_packet(rest.first(length));
      rest = rest.subspan(length);
    }
    count_.complete = rest.empty();
    return count_;
  }

 private:
  void add_packet(std::span<const std::byte> block) {
    constexpr std::size_t kFixed = 28;
    constexpr std::uint16_t kDropCount = 4;
    add((std::uint64_t{number_at<std::uint32_t>(block, 12)} << 32U) +
        number_at<std::uint32_t>(block, 16));
    std::size_t at = kFixed + padded(number_at<std::uint32_t>(block, 20));
    while (at + 8 <= block.size()) {
      const auto code = number_at<std::uint16_t>(block, at);
      if (code == 0) break;
      if (code == kDropCount) count_.drops += number_at<std::uint64_t>(block, at + 4);
      at += 4 + padded(number_at<std::uint16_t>(block, at + 2));
    }
  }

  PacketCount count_;
  std::uint64_t last_time_ = 0;
};

}  // namespace

PacketCount count_packets(std::span<const std::byte> capture) {
  constexpr std::uint32_t kPcapng = 0x0A0D0D0A;
  Counter counter;
  return number_at<std::uint32_t>(capture, 0) == kPcapng ? counter.count_pcapng(capture)
                                                         : counter.count_pcap(capture);
}

}  // namespace xdpcap::bench
