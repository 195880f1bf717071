// SPDX-License-Identifier: BSD-3-Clause
// A record as a recorder lays it out, made in user space from the specification in record.h.
#pragma once

#include <cstring>
#include <vector>

#include "recorder/record.h"
#include "support/packet.hpp"

namespace xdpcap::test {

struct RecordSpec {
  Packet packet;
  std::uint64_t time = 0;
  std::uint32_t interface = 0;
  std::uint32_t action = 2;
  std::uint32_t dropped = 0;
  std::uint32_t queue = 0;
};

class MadeRecord {
 public:
  explicit MadeRecord(const RecordSpec& spec) {
    const std::size_t padded = (spec.packet.size() + 3) / 4 * 4;
    const std::size_t total = sizeof(xdpcap_record) + padded + sizeof(xdpcap_record_tail);
    const auto length = static_cast<std::uint32_t>(total - XDPCAP_RECORD_PREFIX);
    const auto size = static_cast<std::uint32_t>(spec.packet.size());
    const xdpcap_record head = {.dropped = spec.dropped,
                                .ingress_ifindex = 1,
                                .action = spec.action,
                                .block_type = 6,
                                .block_length = length,
                                .interface_id = spec.interface,
                                .time_high = static_cast<std::uint32_t>(spec.time >> 32U),
                                .time_low = static_cast<std::uint32_t>(spec.time),
                                .captured_length = size,
                                .original_length = size};
    xdpcap_record_tail tail = {2, 4, 1, 6, 4, spec.queue, 7, 9, {2}, 0, 0, length};
    const std::uint64_t action = spec.action;
    std::memcpy(&tail.verdict[1], &action, sizeof(action));
    bytes_.resize((total + 7) / 8);
    auto* at = reinterpret_cast<std::uint8_t*>(bytes_.data());
    std::memcpy(at, &head, sizeof(head));
    std::memcpy(at + sizeof(head), spec.packet.data(), spec.packet.size());
    std::memcpy(at + sizeof(head) + padded, &tail, sizeof(tail));
  }

  [[nodiscard]] const xdpcap_record& get() const {
    return *reinterpret_cast<const xdpcap_record*>(bytes_.data());
  }

 private:
  std::vector<std::uint64_t> bytes_;  // aligned as a ring aligns
};

}  // namespace xdpcap::test
