// SPDX-License-Identifier: BSD-3-Clause
#include "app/completion.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "base/xdp_action.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

constexpr const char* kFiles = ":files\n";
constexpr unsigned kActions = 5;

std::string lines(const std::vector<std::string>& candidates, const std::string& typed) {
  std::string text;
  for (const std::string& candidate : candidates) {
    if (candidate.starts_with(typed)) text += candidate + "\n";
  }
  return text;
}

// One dash or two: Go's way of writing long options is taken as well.
std::string option_lines(const std::vector<OptionSummary>& options, const std::string& typed) {
  const bool one_dash = typed.size() > 1 && typed[1] != '-';
  std::string text;
  for (const OptionSummary& option : options) {
    for (std::string name : option.names) {
      if (one_dash && name.starts_with("--")) name.erase(0, 1);
      if (name.starts_with(typed)) text += name + "\t" + option.description + "\n";
    }
  }
  return text;
}

// A list: what stands in front of the last comma stays, and is not offered again.
std::string action_lines(const std::string& typed) {
  const std::size_t comma = typed.rfind(',');
  const std::string front = comma == std::string::npos ? "" : typed.substr(0, comma + 1);
  const std::vector<std::string_view> taken = split(front, ',');
  std::vector<std::string> candidates;
  for (unsigned value = 0; value < kActions; ++value) {
    const std::string name = XdpAction(value).name();
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) {
      candidates.push_back(front + name);
    }
  }
  return lines(candidates, typed);
}

// By what the help calls it.
std::string value_lines(const std::string& value, const std::string& typed) {
  if (value == "ACTIONS") return action_lines(typed);
  if (value == "TYPE") return lines(link_type_names(), typed);
  if (value == "FILE") return kFiles;
  return {};
}

const OptionSummary* find_option(const std::vector<OptionSummary>& options, std::string name) {
  if (name.size() > 2 && name[1] != '-') name.insert(0, "-");
  const auto found = std::find_if(options.begin(), options.end(), [&](const OptionSummary& option) {
    return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
  });
  return found == options.end() ? nullptr : &*found;
}

std::string hook_lines(const CompletionSources& sources, const std::string& typed) {
  const std::string hooks = lines(sources.hooks(), typed);
  return hooks.empty() ? kFiles : hooks;  // not root, or it is to be pinned yet
}

// "--actions=dr": the name stays in front of each candidate, except where files fit, which shells
// find by the last of a word only.
std::string assigned_lines(const std::vector<OptionSummary>& options, const std::string& typed) {
  const std::size_t equals = typed.find('=');
  const OptionSummary* option = find_option(options, typed.substr(0, equals));
  if (option == nullptr) return {};
  std::string text;
  const std::string values = value_lines(option->value, typed.substr(equals + 1));
  for (const std::string_view line : split(values, '\n')) {
    if (line.empty()) continue;
    text += (line.front() == ':' ? "" : typed.substr(0, equals + 1)) + std::string(line) + "\n";
  }
  return text;
}

// bash takes "--actions=drop" for three words, of which the second tells nothing.
std::vector<std::string> without_equals_signs(const std::vector<std::string>& words) {
  std::vector<std::string> plain;
  for (const std::string& word : words) {
    if (word == "=" && &word != &words.back()) continue;
    plain.push_back(word == "=" ? "" : word);
  }
  return plain;
}

}  // namespace

std::string completions(const std::vector<std::string>& words, const CompletionSources& sources) {
  if (words.empty()) return {};
  const std::vector<std::string> plain = without_equals_signs(words);
  const std::string& typed = plain.back();
  const auto last = plain.end() - 1;
  auto word = plain.begin();
  for (; word != last && word->size() > 1 && word->front() == '-'; ++word) {
    const OptionSummary* option = find_option(sources.options, *word);
    if (option == nullptr || option->value.empty()) continue;
    if (++word == last) return value_lines(option->value, typed);
  }
  const auto position = last - word;  // of what is no option
  if (position == 0 && typed.starts_with('-') && typed.find('=') != std::string::npos) {
    return assigned_lines(sources.options, typed);
  }
  if (position == 0 && typed.starts_with('-')) return option_lines(sources.options, typed);
  if (position == 0) return hook_lines(sources, typed);
  return position == 1 ? kFiles : "";
}

}  // namespace xdpcap
