// SPDX-License-Identifier: BSD-3-Clause
// Programs that compress the capture while it is written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

struct Compressor {
  std::string_view suffix;           // of the file's name
  std::vector<std::string> command;  // from stdin to stdout
};

// The compressor for a file of that name; null: none.
const Compressor* compressor_of(std::string_view path);

// Throws Error if it is not installed.
void check_installed(const Compressor& compressor, const std::string& path);

}  // namespace xdpcap
