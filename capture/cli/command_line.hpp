// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"

namespace xdpcap {

// Parses the words behind the program's name in Go's way, as xdpcap does: "-name" is "--name",
// "-q=true" is "--q=true", and options end at the first word that is none. What follows are the
// hook, the output and a filter, in which a word may well begin with a dash. Returns the options
// that were typed: what CLI11 counts is not that in all of its versions. Throws UsageError for an
// option that there is not, else what CLI::App::parse() throws.
std::vector<const CLI::Option*> parse_command_line(CLI::App& app,
                                                   const std::vector<std::string>& arguments);

}  // namespace xdpcap
