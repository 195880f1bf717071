// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "read/capture_stream.hpp"

namespace xdpcap {

// PcapngBlocks reads a pcapng file (draft-ietf-opsawg-pcapng), which may have several sections,
// each in its own byte order.
class PcapngBlocks : public BlockReader {
 public:
  explicit PcapngBlocks(ByteWindow& window) : window_(window) {}
  std::optional<FileBlock> next() override;

 private:
  using Bytes = std::span<const std::byte>;
  using TakeOption = std::function<void(std::uint16_t code, Bytes value)>;

  void begin_section();
  Bytes read_block();
  FileBlock parse(Bytes block);
  void add_interface(Bytes block);
  [[nodiscard]] FilePacket enhanced_packet(Bytes block) const;
  [[nodiscard]] FilePacket simple_packet(Bytes block) const;
  [[nodiscard]] FilePacket obsolete_packet(Bytes block) const;
  [[nodiscard]] const FileInterface& interface(std::uint32_t id) const;
  [[nodiscard]] std::uint64_t time_at(Bytes block, std::size_t at, const FileInterface& by) const;
  void take_packet_options(Bytes block, std::size_t at, FilePacket& packet) const;
  void for_each_option(Bytes block, std::size_t at, const TakeOption& take) const;

  ByteWindow& window_;
  bool swapped_ = false;
};

}  // namespace xdpcap
