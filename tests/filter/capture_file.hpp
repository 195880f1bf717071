// SPDX-License-Identifier: BSD-3-Clause
// Packets to test with, from a capture file.
#pragma once

#include <filesystem>
#include <vector>

#include "filter/expression.hpp"
#include "filter/oracle.hpp"

namespace xdpcap::test {

struct CaptureFile {
  LinkType link_type;
  std::vector<Bytes> packets;
};

// Reads a whole file with libpcap. Throws Error; a file that ends within a packet has those before.
CaptureFile read_capture(const std::filesystem::path& path);

// Every capture of the project, in the order of their names.
std::vector<std::filesystem::path> all_captures();

}  // namespace xdpcap::test
