// SPDX-License-Identifier: BSD-3-Clause
// Options of tcpdump and dumpcap that this tool does not declare as its own: other names of its
// options, those that change nothing here, and those that it refuses, with the reason. The section
// OPTIONS OF TCPDUMP AND DUMPCAP of the manual says the same.
#pragma once

#include <cstdint>
#include <string_view>

namespace xdpcap {

struct OtherOption {
  enum class Kind : std::uint8_t {
    alias,    // `text` is the name here
    ignored,  // `text` has the values that it may have, all if that is empty
    refused,  // `text` is the reason
  };
  std::string_view names;  // "-I", or "-I,--monitor-mode"
  bool takes_value;
  Kind kind;
  std::string_view text;
  std::string_view hint;
};

// Where letters of the two tools differ in their meaning, tcpdump's counts. `name` is "-I" or
// "--monitor-mode". Null for an unknown one.
const OtherOption* find_other_option(std::string_view name);

}  // namespace xdpcap
