// SPDX-License-Identifier: BSD-3-Clause
#include "read/pcap_blocks.hpp"

#include "base/error.hpp"
#include "read/byte_reader.hpp"

namespace xdpcap {
namespace {

constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4;
constexpr std::uint32_t kNanoseconds = 0xA1B23C4D;

//  0  magic
//  4  version
//  8  two numbers that are always 0
// 16  snaplen
// 20  link type, and flags of the frame check sequence
constexpr std::size_t kHeader = 24;
constexpr std::size_t kVersion = 4;
constexpr std::size_t kSnaplen = 16;
constexpr std::size_t kLinkType = 20;

//  0  seconds
//  4  us or ns
//  8  captured length
// 12  original length
// 16  bytes
constexpr std::size_t kPacketHeader = 16;
constexpr std::size_t kFraction = 4;
constexpr std::size_t kCapturedLength = 8;
constexpr std::size_t kOriginalLength = 12;

constexpr std::uint64_t kSecond = 1'000'000'000;

}  // namespace

bool PcapBlocks::is_magic(std::uint32_t first) {
  const std::uint32_t swapped = __builtin_bswap32(first);
  return first == kMicroseconds || first == kNanoseconds || swapped == kMicroseconds ||
         swapped == kNanoseconds;
}

FileBlock PcapBlocks::read_header() {
  const auto header = window_.look(kHeader);
  if (header.size() < kHeader) throw Error("the file ends in its header");
  auto magic = ByteReader(header, false).at<std::uint32_t>(0);
  swapped_ = magic != kMicroseconds && magic != kNanoseconds;
  const ByteReader numbers(header, swapped_);
  magic = numbers.at<std::uint32_t>(0);
  const auto major = numbers.at<std::uint16_t>(kVersion);
  const auto minor = numbers.at<std::uint16_t>(kVersion + sizeof(major));
  if (major != 2 || minor != 4) {
    throw Error("it is pcap of version " + std::to_string(major) + '.' + std::to_string(minor),
                "editcap writes version 2.4");
  }
  FileInterface interface;
  interface.link_type = static_cast<std::uint16_t>(numbers.at<std::uint32_t>(kLinkType));
  interface.snaplen = numbers.at<std::uint32_t>(kSnaplen);
  interface.digits = magic == kNanoseconds ? 9 : 6;
  interfaces_.push_back(interface);
  window_.consume(kHeader);
  return {.kind = FileBlock::Kind::section, .raw = header, .packet = {}};
}

std::optional<FileBlock> PcapBlocks::next() {
  if (interfaces_.empty()) return read_header();
  const auto header = window_.look(kPacketHeader);
  if (header.empty()) return std::nullopt;
  if (header.size() < kPacketHeader) throw Error("the file ends in the middle of a packet");
  const ByteReader numbers(header, swapped_);
  const auto captured = numbers.at<std::uint32_t>(kCapturedLength);
  if (captured > kLongestBlock) {
    throw Error("the file is corrupt: a packet of " + std::to_string(captured) + " bytes");
  }
  const std::uint64_t unit = interfaces_.front().digits == 9 ? 1 : 1000;
  FilePacket packet{
      .interface = 0,
      .time = numbers.at<std::uint32_t>(0) * kSecond + numbers.at<std::uint32_t>(kFraction) * unit,
      .bytes = {},
      .original_length = numbers.at<std::uint32_t>(kOriginalLength),
      .verdict = std::nullopt,
      .comments = {}};
  const auto raw = window_.look(kPacketHeader + captured);
  if (raw.size() < kPacketHeader + captured) throw Error("the file ends in the middle of a packet");
  packet.bytes = raw.subspan(kPacketHeader);
  window_.consume(raw.size());
  return FileBlock{.kind = FileBlock::Kind::packet, .raw = raw, .packet = packet};
}

}  // namespace xdpcap
