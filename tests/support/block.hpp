// SPDX-License-Identifier: BSD-3-Clause
// A block in a recorder's layout, built in user space from the specification in record.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "recorder/record.h"
#include "support/packet.hpp"

namespace xdpcap::test {

struct BlockSpec {
  Packet packet;
  std::uint64_t time = 0;
  std::uint32_t interface = 0;
  std::uint32_t action = 2;
  std::uint64_t dropped = 0;
  std::uint32_t queue = 0;
  std::optional<xdpcap_fate> fate = {};
};

class MadeBlock {
 public:
  explicit MadeBlock(const BlockSpec& spec) {
    const std::size_t padded = (spec.packet.size() + 3) / 4 * 4;
    const std::size_t drops = spec.dropped == 0 ? 0 : sizeof(xdpcap_drop_count);
    const std::size_t fate = spec.fate ? sizeof(xdpcap_fate) : 0;
    const auto length = static_cast<std::uint32_t>(sizeof(xdpcap_block) + padded + drops + fate +
                                                   sizeof(xdpcap_block_tail));
    const auto size = static_cast<std::uint32_t>(spec.packet.size());
    append(xdpcap_block{6, length, spec.interface, static_cast<std::uint32_t>(spec.time >> 32U),
                        static_cast<std::uint32_t>(spec.time), size, size});
    bytes_.insert(bytes_.end(), spec.packet.begin(), spec.packet.end());
    bytes_.resize(sizeof(xdpcap_block) + padded);
    if (drops != 0) {
      append(xdpcap_drop_count{4,
                               8,
                               {static_cast<std::uint32_t>(spec.dropped),
                                static_cast<std::uint32_t>(spec.dropped >> 32U)}});
    }
    if (spec.fate) append(*spec.fate);
    xdpcap_block_tail tail = {2, 4, 1, 6, 4, spec.queue, 7, 9, {2}, 0, 0, length};
    const std::uint64_t action = spec.action;
    std::memcpy(&tail.verdict[1], &action, sizeof(action));
    append(tail);
  }

  [[nodiscard]] const xdpcap_block& get() const {
    return *reinterpret_cast<const xdpcap_block*>(bytes_.data());
  }
  [[nodiscard]] xdpcap_block& get() { return *reinterpret_cast<xdpcap_block*>(bytes_.data()); }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  template <class Part>
  void append(const Part& part) {
    const auto* first = reinterpret_cast<const std::uint8_t*>(&part);
    bytes_.insert(bytes_.end(), first, first + sizeof(part));
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace xdpcap::test
