// SPDX-License-Identifier: BSD-3-Clause
#include "output/pcapng.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>

namespace xdpcap::pcapng {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kInterfaceStatistics = 5;

//  0  type
//  4  total length
//  8  body: fixed fields, then options, each padded to 4 bytes
//  n  total length again, so that files can be read backwards
class Block {
 public:
  explicit Block(std::uint32_t type) {
    put(type);
    put(std::uint32_t{0});  // the length: known in finish()
  }

  template <class Number>
  void put(Number number) {
    append(&number, sizeof(number));
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

  // Timestamps go as two halves, the upper one first, whatever the byte order (section 4.6).
  void time_option(std::uint16_t code, std::uint64_t time) {
    begin_option(code, sizeof(time));
    put(static_cast<std::uint32_t>(time >> 32U));
    put(static_cast<std::uint32_t>(time));
  }

  Bytes finish() {
    begin_option(0, 0);  // opt_endofopt
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
  Block block(kSectionHeader);
  block.put(kByteOrderMagic);
  block.put(kMajor);
  block.put(kMinor);
  block.put(kUnknownLength);
  block.text_option(2, section.hardware);
  block.text_option(3, section.os);
  block.text_option(4, section.application);
  return block.finish();
}

Bytes interface_description(const Interface& interface) {
  constexpr std::uint8_t kNanoseconds = 9;
  Block block(kInterfaceDescription);
  block.put(interface.link_type);
  block.put(std::uint16_t{0});  // reserved
  block.put(interface.snaplen);
  block.text_option(2, interface.name);
  block.text_option(3, interface.description);
  block.number_option(9, kNanoseconds);  // if_tsresol
  if (!interface.filter.empty()) {
    // if_filter begins with a code: 0 is a filter string of libpcap.
    block.text_option(11, std::string(1, '\0') + interface.filter);
  }
  block.text_option(12, interface.os);
  return block.finish();
}

Bytes interface_statistics(const Statistics& statistics) {
  Block block(kInterfaceStatistics);
  block.put(statistics.interface_id);
  block.put(static_cast<std::uint32_t>(statistics.end_time >> 32U));
  block.put(static_cast<std::uint32_t>(statistics.end_time));
  block.time_option(2, statistics.start_time);
  block.time_option(3, statistics.end_time);
  block.number_option(4, statistics.received);
  block.number_option(5, statistics.lost);
  block.number_option(6, statistics.matched);
  block.number_option(8, statistics.written);
  block.text_option(1, statistics.comment);
  return block.finish();
}

}  // namespace xdpcap::pcapng
