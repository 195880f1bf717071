// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/nearest_name.hpp"

namespace xdpcap {
namespace {

// Tcpdump's flags that may be joined.
constexpr const char* kJoinedFlags = "npUlKevAXxStq#H";

// "-name" becomes "--name" and "-q=true" becomes "--q=true": xdpcap, being Go, takes either.
// "-s96" and "-nU", which tcpdump's users type, stay as they are.
std::string with_two_dashes(const std::string& argument) {
  const bool single = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
  const bool with_number = single && std::isdigit(static_cast<unsigned char>(argument[2])) != 0;
  return single && !with_number ? "-" + argument : argument;
}

// Of joined options, "-nvs96", those before the last one, which may be any: "nv". Empty if it is
// one option, of which "-name" is a way to write "--name".
std::string joined_flags(const CLI::App& app, const std::string& argument) {
  const bool single = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
  const std::string name = "-" + argument.substr(0, argument.find('='));
  if (!single || app.get_option_no_throw(name) != nullptr) return {};
  const std::size_t last =
      std::min(argument.find_first_not_of(kJoinedFlags, 1), argument.size() - 1);
  const bool ends = argument.find_first_not_of("0123456789", last + 1) == std::string::npos;
  const bool is_option = app.get_option_no_throw({'-', argument[last]}) != nullptr;
  return ends && is_option ? argument.substr(1, last - 1) : std::string();
}

// The option's name alone: "-s" of "-s96", "--q" of "--q=true".
std::string name_in(const std::string& word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

// How messages call it, as most people type it.
std::string name_of(const CLI::Option& option) {
  const auto& short_names = option.get_snames();
  return short_names.empty() ? "--" + option.get_lnames().front() : "-" + short_names.front();
}

std::string with_value(const CLI::Option& option) {
  const std::string& value = option.get_option_text();
  return name_of(option) + (value.empty() ? "" : " ") + value;
}

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_min() > 0;
}

bool excludes(const CLI::Option& option, const CLI::Option& other) {
  const auto excluded = option.get_excludes();
  return std::any_of(excluded.begin(), excluded.end(),
                     [&](const CLI::Option* one) { return one == &other; });
}

[[noreturn]] void refuse_unknown(const CLI::App& app, const std::string& typed) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  const std::string nearest = nearest_name(name_in(with_two_dashes(typed)), names);
  throw UsageError("unknown option " + printable(typed),
                   nearest.empty() ? "-h lists the options" : "did you mean " + nearest + "?");
}

// "--buffer=", or "--buffer" and an empty word; "--wait=false".
bool undoes(const TypedOption& typed) {
  const std::string& word = typed.words.front();
  if (typed.words.size() > 1) return typed.words.back().empty();
  if (takes_value(*typed.option)) return word == name_in(word) + "=";
  const bool is_flag = typed.option->get_option_text().empty();
  return is_flag && (word.ends_with("=false") || word.ends_with("=0"));
}

void refuse_repetition(const CommandLine& line, const CLI::Option& option) {
  const bool takes_one =
      takes_value(option) && option.get_multi_option_policy() == CLI::MultiOptionPolicy::Throw;
  const auto times =
      std::count_if(line.options.begin(), line.options.end(),
                    [&](const TypedOption& typed) { return typed.option == &option; });
  if (!takes_one || times < 2) return;
  throw UsageError(name_of(option) + " is given more than once", "give it once");
}

// The one that excludes more is what the user wants to do: named last, it is the reason.
void refuse_excluded(const CommandLine& line, const CLI::Option& option) {
  for (const TypedOption& other : line.options) {
    const bool is_reason = option.get_excludes().size() <= other.option->get_excludes().size();
    if (!is_reason || !excludes(option, *other.option)) continue;
    throw UsageError(name_of(option) + " does not go with " + name_of(*other.option),
                     "leave one of them out");
  }
}

void refuse_unmet_need(const CommandLine& line, const CLI::Option& option) {
  for (const CLI::Option* needed : option.get_needs()) {
    if (line.has(needed)) continue;
    throw UsageError(name_of(option) + " needs " + name_of(*needed), "add " + with_value(*needed));
  }
}

}  // namespace

bool CommandLine::has(const CLI::Option* option) const {
  return std::any_of(options.begin(), options.end(),
                     [&](const TypedOption& typed) { return typed.option == option; });
}

CommandLine read_command_line(const CLI::App& app, const std::vector<std::string>& arguments) {
  CommandLine line;
  auto next = arguments.begin();
  for (; next != arguments.end() && next->size() > 1 && next->front() == '-'; ++next) {
    if (*next == "--") {
      ++next;
      break;
    }
    const std::string flags = joined_flags(app, *next);
    for (const char flag : flags) {
      const std::string word = {'-', flag};
      line.options.push_back({app.get_option_no_throw(word), {word}});
    }
    const std::string word =
        flags.empty() ? with_two_dashes(*next) : "-" + next->substr(flags.size() + 1);
    TypedOption typed{app.get_option_no_throw(name_in(word)), {word}};
    if (typed.option == nullptr) refuse_unknown(app, *next);
    if (takes_value(*typed.option) && word == name_in(word)) {
      if (++next == arguments.end()) {
        throw UsageError(name_of(*typed.option) + ": its value is missing",
                         "write " + with_value(*typed.option));
      }
      typed.words.push_back(*next);
    }
    if (undoes(typed)) {
      std::erase_if(line.options,
                    [&](const TypedOption& other) { return other.option == typed.option; });
    } else {
      line.options.push_back(std::move(typed));
    }
  }
  line.operands.assign(next, arguments.end());
  return line;
}

void check_conflicts(const CommandLine& line) {
  for (const TypedOption& typed : line.options) {
    refuse_repetition(line, *typed.option);
    refuse_excluded(line, *typed.option);
  }
  for (const TypedOption& typed : line.options) refuse_unmet_need(line, *typed.option);
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
