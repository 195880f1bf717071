// SPDX-License-Identifier: BSD-3-Clause
// The input is a command line, one argument a line. It is parsed to options or a help text, or is
// refused with an Error.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/request.hpp"
#include "fuzz/no_names.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream lines(std::string(reinterpret_cast<const char*>(data), size));
  std::vector<std::string> arguments;
  for (std::string line; std::getline(lines, line);) {
    // Files are not to be read: whose they are and what is in them is not ours to choose.
    if (line.find("-F") != std::string::npos) return 0;
    arguments.push_back(line);
  }
  try {
    xdpcap::parse_options(arguments);
  } catch (const xdpcap::Error&) {
    return 0;
  }
  return 0;
}
