// SPDX-License-Identifier: BSD-3-Clause
#include "cli/option_reader.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/text.hpp"
#include "cli/other_tools.hpp"

namespace xdpcap {
namespace {

bool is_single(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && word[1] != '-';
}

std::string name_in(const std::string& word) {
  return word.substr(0, word.find('='));
}

// "--buffer=", or "--buffer" and an empty word; "--wait=false".
bool undoes(const TypedOption& typed) {
  const std::string& word = typed.words.front();
  if (typed.words.size() > 1) return typed.words.back().empty();
  if (takes_value(*typed.option)) return word == name_in(word) + "=";
  const bool is_flag = typed.option->get_option_text().empty();
  return is_flag && (word.ends_with("=false") || word.ends_with("=0"));
}

// In a filter, "-" is a minus: "ip[2:2] -tcp[12]", "tcp[13] -tcp-syn", "len -5".
bool is_arithmetic(const std::string& word) {
  const std::string_view rest = std::string_view(word).substr(1);
  if (rest.empty() || std::isdigit(static_cast<unsigned char>(rest[0])) != 0 || rest[0] == '(') {
    return true;
  }
  if (rest.starts_with("icmp") || rest.starts_with("tcp-") || rest.starts_with("tcpflags")) {
    return true;
  }
  const std::size_t bracket = rest.find('[');
  return bracket != std::string_view::npos &&
         std::all_of(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(bracket),
                     [](unsigned char letter) { return std::isalnum(letter) != 0; });
}

}  // namespace

bool takes_value(const CLI::Option& option) {
  return option.get_items_expected_min() > 0;
}

OptionReader::OptionReader(const CLI::App& app, const std::vector<std::string>& arguments)
    : app_(app), arguments_(arguments), next_(arguments.begin()) {}

CommandLine OptionReader::read() {
  while (next_ != arguments_.end()) {
    const std::string& word = *next_++;
    if (word == "--") break;
    if (is_option(word)) {
      take(word);
    } else {
      line_.operands.push_back(word);
    }
  }
  line_.operands.insert(line_.operands.end(), next_, arguments_.end());
  return std::move(line_);
}

bool OptionReader::is_option(const std::string& word) const {
  if (word.size() < 2 || word[0] != '-') return false;
  if (line_.operands.empty()) return true;
  if (word == "-len") {
    throw UsageError("-len is an option or a part of the filter",
                     "options come before the filter; a minus needs a space: - len");
  }
  const bool has_space = name_in(word).find(' ') != std::string::npos;  // a filter in one word
  return !has_space && !is_arithmetic(word);
}

void OptionReader::take(const std::string& word) {
  if (!is_single(word)) return take_long(word, word);
  // Go's way of writing long options, which is xdpcap's, and "-q=true".
  const bool is_long = word.size() > 2 && app_.get_option_no_throw("-" + name_in(word)) != nullptr;
  if (is_long || (word.size() > 2 && find_other_option("-" + name_in(word)) != nullptr)) {
    return take_long(word, "-" + word);
  }
  if (is_misspelt(word)) refuse_unknown(word);
  take_bundle(word);
}

// `word` is the one that was typed, with two dashes.
void OptionReader::take_long(const std::string& typed, const std::string& word) {
  std::string name = name_in(word);
  const bool has_value = name.size() < word.size();
  std::string value = has_value ? word.substr(name.size() + 1) : "";
  std::string typed_name = name_in(typed);
  const CLI::Option* option = app_.get_option_no_throw(name);
  if (option == nullptr) {
    const OtherOption* other = find_other_option(name);
    if (other == nullptr) refuse_unknown(typed);
    if (has_value && !other->takes_value) refuse_unknown(typed);
    if (other->kind != OtherOption::Kind::alias) {
      if (other->takes_value && !has_value) value = next_value(typed_name, "VALUE");
      return take_other(typed_name, value);
    }
    name = other->text;
    option = app_.get_option(name);
  }
  if (takes_value(*option) && !has_value) {
    value = next_value(typed_name, option->get_option_text());
    return add({option, {name, value}, std::move(typed_name)});
  }
  if (has_value && !name.starts_with("--")) {
    return add({option, {name, value}, std::move(typed_name)});
  }
  add({option, {has_value ? name + "=" + value : name}, std::move(typed_name)});
}

// "-nnvXs0": flags, and at the end perhaps an option with its value, in this word or the next one.
void OptionReader::take_bundle(const std::string& word) {
  for (std::size_t i = 1; i < word.size(); ++i) {
    const std::string name = {'-', word[i]};
    const CLI::Option* option = app_.get_option_no_throw(name);
    const OtherOption* other = option == nullptr ? find_other_option(name) : nullptr;
    if (option == nullptr && other == nullptr) {
      if (i == 1) refuse_unknown(word);
      const std::string nearest = nearest_to(word);
      throw UsageError("unknown option " + printable(name) + " in " + printable(word),
                       nearest.empty() ? "-h lists the options" : "did you mean " + nearest + "?");
    }
    const bool has_value = option != nullptr ? takes_value(*option) : other->takes_value;
    if (!has_value) {
      if (option != nullptr) {
        add({option, {name}, name});
      } else {
        take_other(name, "");
      }
      continue;
    }
    std::string value = word.substr(i + 1);
    if (value.starts_with('=')) value.erase(0, 1);
    if (i + 1 == word.size()) {
      value = next_value(name, option != nullptr ? option->get_option_text() : "VALUE");
    }
    if (option != nullptr) return add({option, {name, std::move(value)}, name});
    return take_other(name, value);
  }
}

void OptionReader::take_other(const std::string& name, const std::string& value) {
  const OtherOption& other =
      *find_other_option(is_single(name) && name.size() > 2 ? "-" + name : name);
  if (other.kind == OtherOption::Kind::refused) {
    throw UsageError(name + ": " + std::string(other.text), std::string(other.hint));
  }
  const auto allowed = split(other.text, ',');
  if (other.kind != OtherOption::Kind::ignored || other.text.empty()) return;
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
  std::string values(other.text);
  std::replace(values.begin(), values.end(), ',', '|');
  throw UsageError(name + " " + printable(value) + ": " + std::string(other.hint),
                   "leave it out, or write " + name + " " + values);
}

void OptionReader::add(TypedOption typed) {
  if (undoes(typed)) {
    std::erase_if(line_.options,
                  [&](const TypedOption& other) { return other.option == typed.option; });
  } else {
    line_.options.push_back(std::move(typed));
  }
}

std::string OptionReader::next_value(const std::string& name, const std::string& placeholder) {
  if (next_ != arguments_.end()) return *next_++;
  throw UsageError(name + ": its value is missing", "write " + name + " " + placeholder);
}

// "-snaplne=5" is a long option with a mistake in it, not -s with the value "naplne=5".
bool OptionReader::is_misspelt(const std::string& word) const {
  const bool joins_letters =
      word.size() > 2 && std::isdigit(static_cast<unsigned char>(word[2])) == 0;
  return joins_letters && !nearest_to(word).empty();
}

std::string OptionReader::nearest_to(const std::string& typed) const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return nearest_name(name_in(is_single(typed) ? "-" + typed : typed), names);
}

void OptionReader::refuse_unknown(const std::string& typed) const {
  const std::string nearest = nearest_to(typed);
  throw UsageError("unknown option " + printable(typed),
                   nearest.empty() ? "-h lists the options" : "did you mean " + nearest + "?");
}

}  // namespace xdpcap
