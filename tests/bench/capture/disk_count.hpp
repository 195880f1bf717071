// SPDX-License-Identifier: BSD-3-Clause
// Counts the packets of captures on a disk, whose packets are all of one size, without reading
// large files from beginning to end.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace xdpcap::bench {

struct DiskCount {
  std::uint64_t packets = 0;
  std::optional<bool> sorted;  // if every packet was read
  std::string fault;           // what is wrong with the file; empty: nothing
};

// `capture` is a pcap or pcapng file, or a folder of stenotype's. Throws Error.
DiskCount count_on_disk(const std::filesystem::path& capture);

}  // namespace xdpcap::bench
