// SPDX-License-Identifier: BSD-3-Clause
#include "output/pcapng.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "base/pcapng_format.hpp"

namespace xdpcap::pcapng {
namespace {

//  0  type
//  4  total length
//  8  body: fixed fields, then options, each padded to 4 bytes
//  n  total length again, for reading backwards
class Block {
 public:
  explicit Block(std::uint32_t type) {
    put(type);
    put(std::uint32_t{0});  // the length, set in finish()
  }

  template <class Number>
  void put(Number number) {
    append(&number, sizeof(number));
  }

  void put_padded(std::span<const std::byte> bytes) {
    append(bytes.data(), bytes.size());
    pad();
  }

  template <class Number>
  void number_option(std::uint16_t code, Number number) {
    begin_option(code, sizeof(number));
    put(number);
    pad();
  }

  void text_option(std::uint16_t code, std::string_view text) {
    if (text.empty()) return;
    text = text.substr(0, std::numeric_limits<std::uint16_t>::max());
    begin_option(code, text.size());
    append(text.data(), text.size());
    pad();
  }

  // Timestamps are written as two halves, the upper one first, in any byte order (section 4.6).
  void time_option(std::uint16_t code, std::uint64_t time) {
    begin_option(code, sizeof(time));
    put(static_cast<std::uint32_t>(time >> 32U));
    put(static_cast<std::uint32_t>(time));
  }

  // The type of verdict, then the action as 64 bits.
  void xdp_verdict_option(std::uint16_t code, std::uint64_t action) {
    begin_option(code, sizeof(kVerdictOfLinuxEbpfXdp) + sizeof(action));
    put(kVerdictOfLinuxEbpfXdp);
    put(action);
    pad();
  }

  Bytes finish() {
    begin_option(option::opt_endofopt, 0);
    const auto length = static_cast<std::uint32_t>(bytes_.size() + sizeof(std::uint32_t));
    put(length);
    std::memcpy(bytes_.data() + sizeof(std::uint32_t), &length, sizeof(length));
    return std::move(bytes_);
  }

 private:
  void begin_option(std::uint16_t code, std::size_t length) {
    put(code);
    put(static_cast<std::uint16_t>(length));
  }
  void append(const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  void pad() { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); }

  Bytes bytes_;
};

}  // namespace

Bytes section_header(const Section& section) {
  constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
  constexpr std::uint16_t kMajor = 1;
  constexpr std::uint16_t kMinor = 0;
  constexpr std::int64_t kUnknownLength = -1;
  Block block(block_type::section_header);
  block.put(kByteOrderMagic);
  block.put(kMajor);
  block.put(kMinor);
  block.put(kUnknownLength);
  block.text_option(option::opt_comment, section.comment);
  block.text_option(option::shb_hardware, section.hardware);
  block.text_option(option::shb_os, section.os);
  block.text_option(option::shb_userappl, section.application);
  return block.finish();
}

Bytes interface_description(const Interface& interface) {
  constexpr std::uint8_t kNanoseconds = 9;
  Block block(block_type::interface_description);
  block.put(interface.link_type);
  block.put(std::uint16_t{0});  // reserved
  block.put(interface.snaplen);
  block.text_option(option::if_name, interface.name);
  block.text_option(option::if_description, interface.description);
  block.number_option(option::if_tsresol, kNanoseconds);
  if (!interface.filter.empty()) {
    // It begins with a type code: 0 is a libpcap filter string.
    block.text_option(option::if_filter, std::string(1, '\0') + interface.filter);
  }
  block.text_option(option::if_os, interface.os);
  block.text_option(option::opt_comment, interface.comment);
  return block.finish();
}

Bytes interface_statistics(const Statistics& statistics) {
  Block block(block_type::interface_statistics);
  block.put(statistics.interface_id);
  block.put(static_cast<std::uint32_t>(statistics.end_time >> 32U));
  block.put(static_cast<std::uint32_t>(statistics.end_time));
  block.time_option(option::isb_starttime, statistics.start_time);
  block.time_option(option::isb_endtime, statistics.end_time);
  block.number_option(option::isb_ifrecv, statistics.received);
  block.number_option(option::isb_ifdrop, statistics.lost);
  block.number_option(option::isb_filteraccept, statistics.matched);
  block.number_option(option::isb_usrdeliv, statistics.written);
  block.text_option(option::opt_comment, statistics.comment);
  return block.finish();
}

Bytes enhanced_packet(const Packet& packet) {
  Block block(block_type::enhanced_packet);
  block.put(packet.interface_id);
  block.put(static_cast<std::uint32_t>(packet.time >> 32U));
  block.put(static_cast<std::uint32_t>(packet.time));
  block.put(static_cast<std::uint32_t>(packet.bytes.size()));
  block.put(packet.original_length);
  block.put_padded(packet.bytes);
  block.number_option(option::epb_flags, kFlagsInbound);
  block.number_option(option::epb_packetid, packet.id);
  if (packet.verdict) block.xdp_verdict_option(option::epb_verdict, *packet.verdict);
  block.text_option(option::opt_comment, packet.comment);
  return block.finish();
}

Bytes comment_option(const std::string& text) {
  const std::size_t length =
      std::min<std::size_t>(text.size(), std::numeric_limits<std::uint16_t>::max());
  struct {
    std::uint16_t code = option::opt_comment;
    std::uint16_t length = 0;
  } head;
  head.length = static_cast<std::uint16_t>(length);
  Bytes option(sizeof(head) + (length + 3) / 4 * 4);
  std::memcpy(option.data(), &head, sizeof(head));
  std::memcpy(option.data() + sizeof(head), text.data(), length);
  return option;
}

}  // namespace xdpcap::pcapng
