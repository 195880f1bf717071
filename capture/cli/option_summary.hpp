// SPDX-License-Identifier: BSD-3-Clause
// The options as they were declared, for what tells of them: help, completion, tests of the manual.
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"

namespace xdpcap {

struct OptionSummary {
  std::vector<std::string> names;  // "-s", "--snaplen"
  std::string value;               // what it takes, as the help calls it: "BYTES"; empty for a flag
  std::string description;

  // Whether the value may be left out: "[=LIST]" is part of the option's own word, or not there.
  [[nodiscard]] bool value_is_joined() const { return value.starts_with('['); }
};

// In the order of their declaration, without the hidden ones. "-q" that is also "--q", so that Go's
// way of writing options works for it, has one name.
std::vector<OptionSummary> summarize_options(const CLI::App& app);

}  // namespace xdpcap
