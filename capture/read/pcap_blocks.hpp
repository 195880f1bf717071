// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <optional>

#include "read/capture_stream.hpp"

namespace xdpcap {

// PcapBlocks reads a pcap file (draft-ietf-opsawg-pcap): times in us or ns, one interface without a
// name.
class PcapBlocks : public BlockReader {
 public:
  static bool is_magic(std::uint32_t first);

  explicit PcapBlocks(ByteWindow& window) : window_(window) {}
  std::optional<FileBlock> next() override;

 private:
  FileBlock read_header();

  ByteWindow& window_;
  bool swapped_ = false;
};

}  // namespace xdpcap
