// SPDX-License-Identifier: BSD-3-Clause
// What could come next on a command line: the shells ask for it (capture/completion/) with
// `xdpcap-cpp --complete WORD...`, so that what they offer is what this very executable takes.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/help.hpp"

namespace xdpcap {

// CompletionSources is where the candidates come from that are not the same everywhere. Each is
// asked only when such a word is to be completed.
struct CompletionSources {
  using Names = std::function<std::vector<std::string>()>;

  std::vector<OptionSummary> options;
  Names hooks;
  Names programs;    // XDP programs that are loaded
  Names users;       // of the machine
  Names interfaces;  // of this network namespace
};

// Those of this machine, as far as this process may look.
CompletionSources completion_sources();

// The candidates for the last of `words` (those after the program's name; "" when nothing of it
// has been typed), which all begin with it: a line each, "candidate<TAB>description". The line
// ":files" says that names of files fit, too. A word may be in the pieces that bash makes of it:
// "--fate", "=", "dr"; candidates then are for the last piece.
std::string completions(const std::vector<std::string>& words, const CompletionSources& sources);

}  // namespace xdpcap
