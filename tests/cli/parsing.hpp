// SPDX-License-Identifier: BSD-3-Clause
// What the command line parser makes of words.
#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "cli/request.hpp"

namespace xdpcap::test {

inline Options parse(const std::vector<std::string>& arguments) {
  return std::get<Options>(parse_options(arguments));
}

// What it says about a mistake.
inline std::string error(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

// With what it says to do.
inline std::string error_and_hint(const std::vector<std::string>& arguments) {
  try {
    parse_options(arguments);
  } catch (const UsageError& error) {
    return std::string(error.what()) + "; " + error.hint();
  }
  return "no error";
}

}  // namespace xdpcap::test
