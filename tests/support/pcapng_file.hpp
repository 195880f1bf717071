// SPDX-License-Identifier: BSD-3-Clause
// A pcapng file block by block, read according to the specification (draft-ietf-opsawg-pcapng).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xdpcap::test {

struct PcapngFile {
  struct Statistics {  // of an Interface Statistics Block, section 4.6
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;
    std::uint64_t accepted = 0;
    std::uint64_t delivered = 0;
  };
  std::uint64_t packets = 0;
  std::vector<Statistics> statistics;

  [[nodiscard]] Statistics total() const;
};

// Throws Error if the file does not end in a whole block.
PcapngFile read_pcapng(const std::string& path);
// Reads a file that is being written: nothing if it ends in the middle of a block.
std::optional<PcapngFile> read_growing_pcapng(const std::string& path);

}  // namespace xdpcap::test
