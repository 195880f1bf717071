// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <utility>

#include "base/error.hpp"

namespace xdpcap {
namespace {

// "-name" becomes "--name" and "-q=true" becomes "--q=true": xdpcap, being Go, takes either.
// "-s96" and "-nU", which tcpdump's users type, stay as they are.
std::string with_two_dashes(const std::string& argument) {
  const bool single = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
  const bool with_number = single && std::isdigit(argument[2]) != 0;
  const bool flags = single && argument.find_first_not_of("npUlK", 1) == std::string::npos;
  return single && !with_number && !flags ? "-" + argument : argument;
}

// The option's name alone: "-s" of "-s96", "--q" of "--q=true". Of flags in one word, "-nU", the
// first says enough: those that may be joined are all one option.
std::string name_in(const std::string& word) {
  return word.starts_with("--") ? word.substr(0, word.find('=')) : word.substr(0, 2);
}

std::vector<std::string> separate_words(const CLI::App& app,
                                        const std::vector<std::string>& arguments,
                                        std::vector<const CLI::Option*>& typed) {
  std::vector<std::string> separated;
  auto next = arguments.begin();
  for (; next != arguments.end() && next->size() > 1 && next->front() == '-'; ++next) {
    if (*next == "--") {
      ++next;
      break;
    }
    const std::string& option = separated.emplace_back(with_two_dashes(*next));
    const CLI::Option* known = app.get_option_no_throw(option);
    const CLI::Option* named = app.get_option_no_throw(name_in(option));
    if (named == nullptr) throw UsageError("unknown option " + *next, "-h lists the options");
    typed.push_back(named);
    const bool takes_value = known != nullptr && known->get_items_expected_min() > 0;
    if (takes_value && next + 1 != arguments.end()) separated.push_back(*++next);
  }
  separated.emplace_back("--");
  separated.insert(separated.end(), next, arguments.end());
  return separated;
}

}  // namespace

std::vector<const CLI::Option*> parse_command_line(CLI::App& app,
                                                   const std::vector<std::string>& arguments) {
  std::vector<const CLI::Option*> typed;
  std::vector<std::string> separated = separate_words(app, arguments, typed);
  std::reverse(separated.begin(), separated.end());  // CLI11 takes them from the end
  app.parse(std::move(separated));
  return typed;
}

}  // namespace xdpcap
