// SPDX-License-Identifier: BSD-3-Clause
#include "cli/option_summary.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace xdpcap {

std::vector<OptionSummary> summarize_options(const CLI::App& app) {
  std::vector<OptionSummary> summaries;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    OptionSummary summary{{}, option->get_option_text(), option->get_description()};
    for (const std::string& name : option->get_snames()) summary.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) {
      // A long name of one letter is the short one; "-dd" has two dashes only inside.
      if (name.size() > 1) summary.names.push_back("--" + name);
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

}  // namespace xdpcap
