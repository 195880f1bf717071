// SPDX-License-Identifier: BSD-3-Clause
// The results of the command line parser.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace xdpcap::test {

using Names = std::vector<std::string>;  // of sources

inline Options parse(const std::vector<std::string>& arguments) {
  return std::get<Options>(parse_options(arguments));
}

// Its message for a mistake.
inline std::string error(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

// The message with its hint.
inline std::string error_and_hint(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const UsageError& error) {
    return std::string(error.what()) + "; " + error.hint();
  }
  return "no error";
}

}  // namespace xdpcap::test
