// SPDX-License-Identifier: BSD-3-Clause
#include "read/printed_blocks.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "output/pcapng.hpp"
#include "read/packet_words.hpp"

namespace xdpcap {
namespace {

// Of all interfaces: libpcap refuses a file in which they differ, and longer packets.
constexpr std::uint32_t kSnaplen = 262144;

}  // namespace

void PrintedBlocks::add(const FilePacket& packet, const FileInterface& interface) {
  const std::string name = name_for_printing(interface, action_of(packet, interface));
  append(pcapng::enhanced_packet(
      {.interface_id = interface_id(name, interface.link_type),
       .time = packet.time,
       .bytes = packet.bytes.first(std::min<std::size_t>(packet.bytes.size(), kSnaplen)),
       .original_length = packet.original_length,
       .id = 0,
       .verdict = std::nullopt,
       .comment = comment_of(packet)}));
  ++packets_;
}

std::uint32_t PrintedBlocks::interface_id(const std::string& name, std::uint16_t link_type) {
  if (!link_type_) {
    link_type_ = link_type;
    append(pcapng::section_header({.hardware = {}, .os = {}, .application = {}}));
  }
  if (link_type != *link_type_) {
    throw Error("printing: the file has packets of several link types",
                "choose an interface with -i, or let tshark print them");
  }
  const auto [place, is_new] =
      interfaces_.try_emplace(name, static_cast<std::uint32_t>(interfaces_.size()));
  if (is_new) {
    append(pcapng::interface_description({.name = name,
                                          .description = {},
                                          .filter = {},
                                          .os = {},
                                          .link_type = link_type,
                                          .snaplen = kSnaplen}));
  }
  return place->second;
}

void PrintedBlocks::append(std::span<const std::byte> block) {
  bytes_.insert(bytes_.end(), block.begin(), block.end());
}

void PrintedBlocks::clear() {
  bytes_.clear();
  packets_ = 0;
}

}  // namespace xdpcap
