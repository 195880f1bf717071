// SPDX-License-Identifier: BSD-3-Clause
#include "print/packet_notes.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/pcapng_format.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

// The offsets and sizes that are needed here (draft-ietf-opsawg-pcapng, sections 4.1 to 4.3).
constexpr std::size_t kHead = 8;  // type and length
constexpr std::size_t kTail = 4;  // the length again
constexpr std::size_t kInterfaceOptions = 16;
constexpr std::size_t kInterfaceId = 8;
constexpr std::size_t kPacketTime = 12;  // two halves, the upper one first
constexpr std::size_t kCapturedLength = 20;
constexpr std::size_t kOriginalLength = 24;
constexpr std::size_t kPacketData = 28;

// What tcpdump prints of packets with impossible lengths, instead of a time.
constexpr std::string_view kInvalid = "[Invalid header: ";

bool has_valid_lengths(std::uint32_t captured, std::uint32_t original) {
  constexpr std::uint32_t kMost = 262144;
  return captured != 0 && captured <= original && original <= kMost;
}

template <class Number>
Number number_at(std::span<const std::byte> bytes, std::size_t at) {
  Number number{};
  if (at + sizeof(number) <= bytes.size()) std::memcpy(&number, &bytes[at], sizeof(number));
  return number;
}

constexpr std::size_t padded(std::size_t length) {
  return (length + 3) / 4 * 4;
}

// The options with this code among those that begin at `at`, with a space between them; empty if
// there are none.
std::string find_options(std::span<const std::byte> block, std::size_t at, std::uint16_t code) {
  constexpr std::size_t kOptionHead = 4;  // code and length
  std::string all;
  while (at + kOptionHead + kTail <= block.size()) {
    const auto length = number_at<std::uint16_t>(block, at + sizeof(code));
    if (at + kOptionHead + length + kTail > block.size()) break;
    if (number_at<std::uint16_t>(block, at) == code) {
      const char* text = reinterpret_cast<const char*>(block.data()) + at + kOptionHead;
      // The ingress comment may be padded after a short number.
      all += (all.empty() ? "" : " ") + std::string(trim(std::string_view(text, length)));
    }
    at += kOptionHead + padded(length);
  }
  return all;
}

// "drop" of "XDPdrop"; with several sources, "eth0 drop" of "eth0/XDPdrop".
std::string action_of_interface(std::span<const std::byte> block) {
  std::string name = find_options(block, kInterfaceOptions, pcapng::option::if_name);
  const std::size_t slash = name.rfind('/');
  const std::size_t action = slash == std::string::npos ? 0 : slash + 1;
  if (name.compare(action, 3, "XDP") != 0) return name;
  name.erase(action, 3);
  if (action != 0) name[slash] = ' ';
  return name;
}

}  // namespace

void PacketNotes::read(std::span<const std::byte> bytes) {
  incomplete_.insert(incomplete_.end(), bytes.begin(), bytes.end());
  std::span<const std::byte> left = incomplete_;
  while (left.size() >= kHead) {
    const std::size_t length = std::max<std::size_t>(kHead, number_at<std::uint32_t>(left, 4));
    if (length > left.size()) break;
    const auto block = left.first(length);
    read_block(block);
    blocks_.insert(blocks_.end(), block.begin(), block.end());
    left = left.subspan(length);
  }
  incomplete_.erase(incomplete_.begin(),
                    incomplete_.end() - static_cast<std::ptrdiff_t>(left.size()));
}

void PacketNotes::read_block(std::span<const std::byte> block) {
  switch (number_at<std::uint32_t>(block, 0)) {
    case pcapng::block_type::section_header:
      interfaces_.clear();
      break;
    case pcapng::block_type::interface_description:
      interfaces_.push_back(action_of_interface(block));
      break;
    case pcapng::block_type::enhanced_packet:
      read_packet(block);
      break;
    default:
      break;
  }
}

void PacketNotes::read_packet(std::span<const std::byte> block) {
  const auto interface = number_at<std::uint32_t>(block, kInterfaceId);
  const auto captured = number_at<std::uint32_t>(block, kCapturedLength);
  // Ten digits, so that all marks have the same length.
  std::uniform_int_distribution<std::uint32_t> seconds(1'000'000'000, 2'147'483'647);
  std::uniform_int_distribution<std::uint32_t> microseconds(0, 999'999);
  const Mark mark{blocks_.size() + kPacketTime, seconds(random_), microseconds(random_)};
  const std::string digits = std::to_string(mark.microseconds);
  marks_.push_back(mark);
  packets_.push_back(
      {.action = interface < interfaces_.size() ? interfaces_[interface] : std::string(),
       .comment = find_options(block, kPacketData + padded(captured), pcapng::option::opt_comment),
       .time = std::uint64_t{number_at<std::uint32_t>(block, kPacketTime)} << 32U |
               number_at<std::uint32_t>(block, kPacketTime + 4),
       .mark =
           std::to_string(mark.seconds) + '.' + std::string(6 - digits.size(), '0') + digits + ' ',
       .has_time = has_valid_lengths(captured, number_at<std::uint32_t>(block, kOriginalLength))});
}

std::vector<std::byte> PacketNotes::take_blocks(bool marked) {
  if (marked) {
    for (const Mark& mark : marks_) {
      const std::uint64_t time =
          mark.seconds * std::uint64_t{1'000'000'000} + mark.microseconds * std::uint64_t{1000};
      const std::array halves = {static_cast<std::uint32_t>(time >> 32U),
                                 static_cast<std::uint32_t>(time)};
      if (mark.at + sizeof(halves) > blocks_.size()) continue;
      std::memcpy(&blocks_[mark.at], halves.data(), sizeof(halves));
    }
  }
  marks_.clear();
  return std::exchange(blocks_, {});
}

std::optional<PacketNote> PacketNotes::take_for(std::string_view line) {
  // Most lines that continue a packet begin with a space or a tab.
  if (line.starts_with(' ') || line.starts_with('\t')) return std::nullopt;
  // A packet with impossible lengths has no mark in tcpdump's output.
  const bool is_invalid = line.starts_with(kInvalid);
  if (is_invalid && !packets_.empty() && !packets_.front().has_time) return take();
  const auto found = std::find_if(packets_.begin(), packets_.end(), [&](const PacketNote& note) {
    return note.has_time && line.starts_with(note.mark);
  });
  if (found == packets_.end()) return std::nullopt;
  packets_.erase(packets_.begin(), found);
  return take();
}

std::optional<PacketNote> PacketNotes::take() {
  if (packets_.empty()) return std::nullopt;
  PacketNote note = std::move(packets_.front());
  packets_.pop_front();
  return note;
}

}  // namespace xdpcap
