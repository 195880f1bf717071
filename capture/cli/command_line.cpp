// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "cli/option_reader.hpp"

namespace xdpcap {
namespace {

// How messages call it, as most people type it.
std::string name_of(const CLI::Option& option) {
  const auto& short_names = option.get_snames();
  return short_names.empty() ? "--" + option.get_lnames().front() : "-" + short_names.front();
}

std::string with_value(const CLI::Option& option) {
  const std::string& value = option.get_option_text();
  return name_of(option) + (value.empty() ? "" : " ") + value;
}

bool excludes(const CLI::Option& option, const CLI::Option& other) {
  const auto excluded = option.get_excludes();
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const CLI::Option* one) { return one == &other; });
}

void refuse_repetition(const CommandLine& line, const TypedOption& typed) {
  const CLI::Option& option = *typed.option;
  const bool takes_one =
      takes_value(option) && option.get_multi_option_policy() == CLI::MultiOptionPolicy::Throw;
  const auto times =
      std::count_if(line.options.begin(), line.options.end(),
                    [&](const TypedOption& other) { return other.option == &option; });
  if (!takes_one || times < 2) return;
  throw UsageError(typed.name + " is given more than once", "give it once");
}

// The one that excludes more is what the user wants to do: named last, it is the reason.
void refuse_excluded(const CommandLine& line, const TypedOption& typed) {
  const CLI::Option& option = *typed.option;
  for (const TypedOption& other : line.options) {
    const bool is_reason = option.get_excludes().size() <= other.option->get_excludes().size();
    if (!is_reason || !excludes(option, *other.option)) continue;
    throw UsageError(typed.name + " does not go with " + other.name, "leave one of them out");
  }
}

void refuse_unmet_need(const CommandLine& line, const TypedOption& typed) {
  for (const CLI::Option* needed : typed.option->get_needs()) {
    if (line.has(needed)) continue;
    throw UsageError(typed.name + " needs " + name_of(*needed), "add " + with_value(*needed));
  }
}

}  // namespace

bool CommandLine::has(const CLI::Option* option) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const TypedOption& typed) { return typed.option == option; });
}

CommandLine read_command_line(const CLI::App& app, const std::vector<std::string>& arguments) {
  return OptionReader(app, arguments).read();
}

void check_conflicts(const CommandLine& line) {
  for (const TypedOption& typed : line.options) {
    refuse_repetition(line, typed);
    refuse_excluded(line, typed);
  }
  for (const TypedOption& typed : line.options) refuse_unmet_need(line, typed);
}

void parse_values(CLI::App& app, const CommandLine& line) {
  std::vector<std::string> words;
  for (const TypedOption& typed : line.options) {
    words.insert(words.end(), typed.words.begin(), typed.words.end());
  }
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
  app.parse(std::move(words));
}

}  // namespace xdpcap
