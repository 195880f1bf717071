// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "cli/cli_names.hpp"
#include "cli/command_line.hpp"
#include "session/options.hpp"

namespace xdpcap {

// What shows the counts of a capture instead of, or beside, its packets.
class CountOptions {
 public:
  static void declare(CLI::App& app, Options& options);
};

// Whether a capture makes sense without an output: its counts are shown somewhere.
bool shows_counts(const Options& options);

// When packets are only counted: throws UsageError for options that only make sense with an output.
void refuse_options_of_outputs(const CommandLine& line, const Options& options);

}  // namespace xdpcap
