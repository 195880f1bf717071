// SPDX-License-Identifier: BSD-3-Clause
// Programs that compress the capture on its way into the file.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

struct Compressor {
  std::string_view suffix;           // of the file's name that asks for it
  std::vector<std::string> command;  // from stdin to stdout
};

// Whom a file of that name needs; null: nobody.
const Compressor* compressor_of(std::string_view path);

// Throws Error when it is not installed.
void check_installed(const Compressor& compressor, const std::string& path);

}  // namespace xdpcap
