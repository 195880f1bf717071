// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "read/file_block.hpp"

namespace xdpcap {

// PrintedBlocks turns packets of any file into blocks as a capture hands them to its printer: in
// this machine's byte order, in ns, with an interface for each name and action.
class PrintedBlocks {
 public:
  // Throws Error if its link type is not that of the packets before.
  void add(const FilePacket& packet, const FileInterface& interface);

  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t packets() const { return packets_; }
  // Forgets the packets, not the interfaces.
  void clear();

 private:
  void append(std::span<const std::byte> block);
  std::uint32_t interface_id(const std::string& name, std::uint16_t link_type);

  std::vector<std::byte> bytes_;
  std::uint64_t packets_ = 0;
  std::optional<std::uint16_t> link_type_;  // of all packets
  std::map<std::string, std::uint32_t> interfaces_;
};

}  // namespace xdpcap
