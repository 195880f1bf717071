// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

namespace xdpcap {

// An option as it was declared, for help, completion and the tests of the manual.
struct OptionSummary {
  std::vector<std::string> names;  // "-s", "--snaplen"
  std::string value;               // what it takes, as the help calls it: "SIZE"; empty for a flag
  std::string description;
  std::string group{};  // the heading that it stands under

  // Whether the value may be left out: "[=LIST]" is part of the option's own word, or not there.
  [[nodiscard]] bool value_is_joined() const { return value.starts_with('['); }
};

// The text of -h: usage, options under their headings and examples, no line longer than 80 columns.
std::string help_text(const std::vector<OptionSummary>& options);

}  // namespace xdpcap
