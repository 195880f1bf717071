// SPDX-License-Identifier: BSD-3-Clause
// What could come next on a command line: the shells ask for it (capture/completion/) with
// `xdpcap-cpp --complete WORD...`, so that what they offer is what this very executable takes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/option_summary.hpp"

namespace xdpcap {

// CompletionSources is where the candidates come from that are not the same everywhere. Hooks are
// looked for only when one is asked for.
struct CompletionSources {
  std::vector<OptionSummary> options;
  std::function<std::vector<std::string>()> hooks;
};

// The candidates for the last of `words` (those behind the program's name; "" when nothing of it
// has been typed), which all begin with it: a line each, "candidate<TAB>description". The line
// ":files" says that names of files fit, too.
std::string completions(const std::vector<std::string>& words, const CompletionSources& sources);

}  // namespace xdpcap
