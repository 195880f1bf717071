// SPDX-License-Identifier: BSD-3-Clause
#include "cli/option_conflicts.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.hpp"

namespace xdpcap {
namespace {

std::string name_of(const CLI::Option& option) {
  const auto& short_names = option.get_snames();
  return short_names.empty() ? "--" + option.get_lnames().front() : "-" + short_names.front();
}

}  // namespace

void check_conflicts(const std::vector<const CLI::Option*>& typed, const std::string& mode,
                     const std::vector<std::string>& allowed) {
  for (const CLI::Option* option : typed) {
    if (option->check_name(mode)) continue;
    const bool fits = std::any_of(allowed.begin(), allowed.end(), [&](const std::string& name) {
      return option->check_name(name);
    });
    if (fits) continue;
    throw UsageError(name_of(*option) + " does not go with " + mode, "leave one of them out");
  }
}

}  // namespace xdpcap
