// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"

namespace xdpcap {

// An option and the words that give it its value, as CLI11 reads them: {"--buffer", "1G"}.
struct TypedOption {
  const CLI::Option* option;
  std::vector<std::string> words;
  std::string name;  // as it was typed: "-buffer"
};

// A command line whose options are known, but not yet their values. CLI11 counts options
// differently from version to version.
struct CommandLine {
  std::vector<TypedOption> options;
  std::vector<std::string> operands;  // hook, output and filter

  [[nodiscard]] bool has(const CLI::Option* option) const;
};

// Parses the words after the program's name as tcpdump does, "-nnvs0", and as Go programs do, such
// as xdpcap: "-name" is "--name", and "-q=true" is "--q=true". Options may also follow operands,
// unless they can be a part of a filter. An empty value or "=false" unsets an option. Throws
// UsageError for an unknown or refused option, or a missing value.
CommandLine read_command_line(const CLI::App& app, const std::vector<std::string>& arguments);

// Throws UsageError when options were typed that exclude one another, or one without another that
// it needs, as declared by CLI::Option::excludes() and needs(); or one twice that has one value.
void check_conflicts(const CommandLine& line);

// Gives each option its value. Throws what the parsers of values do, and CLI::ParseError.
void parse_values(CLI::App& app, const CommandLine& line);

}  // namespace xdpcap
