// SPDX-License-Identifier: BSD-3-Clause
#include "read/pcapng_blocks.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/pcapng_format.hpp"
#include "read/byte_reader.hpp"
#include "read/file_time.hpp"

namespace xdpcap {
namespace {

// Every block (section 3.1):
//  0  type
//  4  total length
//  8  body: fixed fields, then options
//  n  total length again
constexpr std::size_t kHead = 8;
constexpr std::size_t kTail = 4;
constexpr std::size_t kOptionHead = 4;  // code and length (3.5)

constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
constexpr std::size_t kMagicAt = 8;
constexpr std::size_t kVersionAt = 12;
constexpr std::size_t kSectionFixed = 24;

constexpr std::size_t kInterfaceFixed = 16;  // 4.2: link type, reserved, snaplen
constexpr std::size_t kSnaplenAt = 12;

// 4.3: interface, time, captured and original length; the obsolete block of A differs in the first.
constexpr std::size_t kPacketFixed = 28;
constexpr std::size_t kTimeAt = 12;
constexpr std::size_t kCapturedAt = 20;
constexpr std::size_t kOriginalAt = 24;

constexpr std::size_t kSimpleFixed = 12;  // 4.4: original length

// An interface takes memory until the section ends.
constexpr std::size_t kMostInterfaces = 65536;

constexpr std::size_t padded(std::size_t length) {
  return (length + 3) / 4 * 4;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

[[noreturn]] void refuse_corrupt(const std::string& what) {
  throw Error("the file is corrupt: " + what);
}

// The captured bytes, which begin after the fixed fields.
std::span<const std::byte> data_of(std::span<const std::byte> block, std::size_t begin,
                                   std::size_t captured) {
  if (begin + captured + kTail > block.size()) refuse_corrupt("a packet longer than its block");
  return block.subspan(begin, captured);
}

}  // namespace

std::optional<FileBlock> PcapngBlocks::next() {
  const Bytes head = window_.look(kHead);
  if (head.empty()) return std::nullopt;
  if (head.size() == kHead &&
      ByteReader(head, false).at<std::uint32_t>(0) == pcapng::block_type::section_header) {
    begin_section();
  }
  return parse(read_block());
}

void PcapngBlocks::begin_section() {
  const Bytes head = window_.look(kSectionFixed);
  if (head.size() < kSectionFixed) return;  // read_block() says so
  const auto magic = ByteReader(head, false).at<std::uint32_t>(kMagicAt);
  swapped_ = magic != kByteOrderMagic;
  if (swapped_ && magic != __builtin_bswap32(kByteOrderMagic)) {
    throw Error("it is not a capture", "captures are pcap or pcapng files");
  }
  const auto major = ByteReader(head, swapped_).at<std::uint16_t>(kVersionAt);
  if (major != 1) throw Error("it is pcapng of the unknown version " + std::to_string(major));
  interfaces_.clear();
}

PcapngBlocks::Bytes PcapngBlocks::read_block() {
  const Bytes head = window_.look(kHead);
  if (head.size() < kHead) throw Error("the file ends in the middle of a block");
  const ByteReader numbers(head, swapped_);
  const auto length = numbers.at<std::uint32_t>(4);
  const bool is_section = numbers.at<std::uint32_t>(0) == pcapng::block_type::section_header;
  if (length < (is_section ? kSectionFixed + kTail : kHead + kTail) || length % 4 != 0 ||
      length > kLongestBlock) {
    refuse_corrupt("a block of " + std::to_string(length) + " bytes");
  }
  const Bytes block = window_.look(length);
  if (block.size() < length) throw Error("the file ends in the middle of a block");
  if (ByteReader(block, swapped_).at<std::uint32_t>(length - kTail) != length) {
    refuse_corrupt("the two lengths of a block differ");
  }
  window_.consume(length);
  return block;
}

FileBlock PcapngBlocks::parse(Bytes block) {
  using Kind = FileBlock::Kind;
  FileBlock result{.kind = Kind::other, .raw = block, .packet = {}};
  switch (ByteReader(block, swapped_).at<std::uint32_t>(0)) {
    case pcapng::block_type::section_header:
      result.kind = Kind::section;
      break;
    case pcapng::block_type::interface_description:
      add_interface(block);
      result.kind = Kind::interface;
      break;
    case pcapng::block_type::interface_statistics:
      result.kind = Kind::statistics;
      break;
    case pcapng::block_type::enhanced_packet:
      result.kind = Kind::packet;
      result.packet = enhanced_packet(block);
      break;
    case pcapng::block_type::simple_packet:
      result.kind = Kind::packet;
      result.packet = simple_packet(block);
      break;
    case pcapng::block_type::obsolete_packet:
      result.kind = Kind::packet;
      result.packet = obsolete_packet(block);
      break;
    default:
      break;
  }
  return result;
}

void PcapngBlocks::add_interface(Bytes block) {
  if (block.size() < kInterfaceFixed + kTail) refuse_corrupt("a short interface description");
  if (interfaces_.size() == kMostInterfaces) refuse_corrupt("too many interfaces");
  const ByteReader numbers(block, swapped_);
  FileInterface interface;
  interface.link_type = numbers.at<std::uint16_t>(kHead);
  interface.snaplen = numbers.at<std::uint32_t>(kSnaplenAt);
  for_each_option(block, kInterfaceFixed, [&](std::uint16_t code, Bytes value) {
    const ByteReader number(value, swapped_);
    if (code == pcapng::option::if_name) interface.name = text_of(value);
    if (code == pcapng::option::if_description) interface.description = text_of(value);
    if (code == pcapng::option::if_tsoffset) interface.offset = number.at<std::int64_t>(0);
    if (code != pcapng::option::if_tsresol) return;
    constexpr std::uint8_t kBinary = 0x80;
    const auto resolution = number.at<std::uint8_t>(0);
    interface.binary = (resolution & kBinary) != 0;
    interface.digits = resolution & (kBinary - 1);
  });
  if (!is_resolution(interface)) refuse_corrupt("times of an impossible resolution");
  interfaces_.push_back(std::move(interface));
}

const FileInterface& PcapngBlocks::interface(std::uint32_t id) const {
  if (id >= interfaces_.size())
    refuse_corrupt("a packet of an interface that it does not describe");
  return interfaces_[id];
}

std::uint64_t PcapngBlocks::time_at(Bytes block, std::size_t at, const FileInterface& by) const {
  const ByteReader numbers(block, swapped_);
  const std::uint64_t high = numbers.at<std::uint32_t>(at);
  return nanoseconds(high << 32U | numbers.at<std::uint32_t>(at + 4), by);
}

FilePacket PcapngBlocks::enhanced_packet(Bytes block) const {
  if (block.size() < kPacketFixed + kTail) refuse_corrupt("a short packet block");
  const ByteReader numbers(block, swapped_);
  FilePacket packet;
  packet.interface = numbers.at<std::uint32_t>(kHead);
  packet.time = time_at(block, kTimeAt, interface(packet.interface));
  packet.bytes = data_of(block, kPacketFixed, numbers.at<std::uint32_t>(kCapturedAt));
  packet.original_length = numbers.at<std::uint32_t>(kOriginalAt);
  take_packet_options(block, kPacketFixed + padded(packet.bytes.size()), packet);
  return packet;
}

FilePacket PcapngBlocks::obsolete_packet(Bytes block) const {
  if (block.size() < kPacketFixed + kTail) refuse_corrupt("a short packet block");
  const ByteReader numbers(block, swapped_);
  FilePacket packet;
  packet.interface = numbers.at<std::uint16_t>(kHead);  // followed by the number of dropped packets
  packet.time = time_at(block, kTimeAt, interface(packet.interface));
  packet.bytes = data_of(block, kPacketFixed, numbers.at<std::uint32_t>(kCapturedAt));
  packet.original_length = numbers.at<std::uint32_t>(kOriginalAt);
  take_packet_options(block, kPacketFixed + padded(packet.bytes.size()), packet);
  return packet;
}

// It has no time, and no captured length: the packet ends with the snaplen or with the block.
FilePacket PcapngBlocks::simple_packet(Bytes block) const {
  if (block.size() < kSimpleFixed + kTail) refuse_corrupt("a short packet block");
  const FileInterface& first = interface(0);
  FilePacket packet;
  packet.original_length = ByteReader(block, swapped_).at<std::uint32_t>(kHead);
  std::size_t captured =
      std::min<std::size_t>(packet.original_length, block.size() - kSimpleFixed - kTail);
  if (first.snaplen != 0) captured = std::min<std::size_t>(captured, first.snaplen);
  packet.bytes = data_of(block, kSimpleFixed, captured);
  return packet;
}

void PcapngBlocks::take_packet_options(Bytes block, std::size_t at, FilePacket& packet) const {
  for_each_option(block, at, [&](std::uint16_t code, Bytes value) {
    if (code == pcapng::option::opt_comment) packet.comments.push_back(text_of(value));
    constexpr std::size_t kVerdictSize = 1 + sizeof(std::uint64_t);
    if (code != pcapng::option::epb_verdict || value.size() != kVerdictSize) return;
    const ByteReader numbers(value, swapped_);
    if (numbers.at<std::uint8_t>(0) != pcapng::kVerdictOfLinuxEbpfXdp) return;
    packet.verdict = numbers.at<std::uint64_t>(1);
  });
}

void PcapngBlocks::for_each_option(Bytes block, std::size_t at, const TakeOption& take) const {
  const ByteReader numbers(block, swapped_);
  while (at + kOptionHead + kTail <= block.size()) {
    const auto code = numbers.at<std::uint16_t>(at);
    const auto length = numbers.at<std::uint16_t>(at + 2);
    if (code == pcapng::option::opt_endofopt) return;
    if (at + kOptionHead + length + kTail > block.size()) return;
    take(code, block.subspan(at + kOptionHead, length));
    at += kOptionHead + padded(length);
  }
}

}  // namespace xdpcap
