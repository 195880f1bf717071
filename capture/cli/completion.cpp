// SPDX-License-Identifier: BSD-3-Clause
#include "cli/completion.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/text.hpp"
#include "base/xdp_action.hpp"
#include "fate/selection.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

using Words = std::vector<std::string>;

constexpr const char* kFiles = ":files\n";
constexpr unsigned kActions = 5;

std::string lines(const Words& candidates, const std::string& typed) {
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
      if (!name.starts_with(typed)) continue;
      text += name + "\t" + option.description + "\n";
      if (option.value_is_joined()) text += name + "=\t" + option.description + "\n";
    }
  }
  return text;
}

// A list: the items before the last comma stay, and are not offered again.
std::string list_lines(const Words& all, const std::string& typed) {
  const std::size_t comma = typed.rfind(',');
  const std::string front = comma == std::string::npos ? "" : typed.substr(0, comma + 1);
  const std::vector<std::string_view> taken = split(front, ',');
  Words candidates;
  for (const std::string& name : all) {
    if (std::find(taken.begin(), taken.end(), name) == taken.end()) {
      candidates.push_back(front + name);
    }
  }
  return lines(candidates, typed);
}

Words action_names() {
  Words names;
  for (unsigned value = 0; value < kActions; ++value) names.push_back(XdpAction(value).name());
  return names;
}

// An id or a name, or a path with a slash in it.
std::string program_lines(const CompletionSources& sources, const std::string& typed) {
  return typed.find('/') == std::string::npos ? lines(sources.programs(), typed) : kFiles;
}

// Interfaces, programs ("prog:xdp_pass") and hooks; or a path, as of a folder.
std::string source_lines(const CompletionSources& sources, const std::string& typed) {
  constexpr std::string_view kProgram = "prog:";
  Words candidates = sources.interfaces();
  for (const std::string& program : sources.programs()) {
    candidates.push_back(std::string(kProgram) + program);
  }
  for (std::string& hook : sources.hooks()) candidates.push_back(std::move(hook));
  const std::string found = lines(candidates, typed);
  return found.empty() && typed.find('/') != std::string::npos ? kFiles : found;
}

// An action, a filter, or a list of fates.
std::string trigger_lines(const std::string& typed) {
  constexpr std::string_view kFate = "fate:";
  if (!typed.starts_with(kFate)) {
    return list_lines(action_names(), typed) + lines({"filter:", std::string(kFate)}, typed);
  }
  std::string text;
  const std::string fates = list_lines(FateSelection::common_words(), typed.substr(kFate.size()));
  for (const std::string_view line : split(fates, '\n')) {
    if (!line.empty()) text += std::string(kFate) + std::string(line) + "\n";
  }
  return text;
}

// By what the help calls it.
std::string value_lines(const std::string& value, const std::string& typed,
                        const CompletionSources& sources) {
  if (value == "ACTIONS") return list_lines(action_names(), typed);
  if (value == "[=LIST]") return list_lines(FateSelection::common_words(), typed);
  if (value == "[=IFACES]") return list_lines(sources.interfaces(), typed);
  if (value == "TYPE") return lines(link_type_names(), typed);
  if (value == "FILE") return kFiles;
  if (value == "PROGRAM") return program_lines(sources, typed);
  if (value == "USER") return lines(sources.users(), typed);
  if (value == "SOURCE") return source_lines(sources, typed);
  if (value == "WHAT") return trigger_lines(typed);
  if (value == "METHOD") return lines({"hook", "trace", "attach"}, typed);
  if (value == "POINT") return lines({"exit", "entry", "both"}, typed);
  if (value == "IFACE") return lines(sources.interfaces(), typed);
  if (value == "CONDITION") {
    return lines({"duration:", "filesize:", "files:", "packets:"}, typed);
  }
  return {};
}

const OptionSummary* find_option(const std::vector<OptionSummary>& options,
                                 const std::string& typed) {
  std::string name = typed;
  if (name.size() > 2 && name[1] != '-') name.insert(0, "-");
  const auto found = std::find_if(options.begin(), options.end(), [&](const OptionSummary& option) {
    return std::find(option.names.begin(), option.names.end(), name) != option.names.end();
  });
  if (found != options.end()) return &*found;
  // Of joined letters, "-nni", the last one can take a value.
  const bool is_joined = typed.size() > 2 && typed[1] != '-';
  return is_joined ? find_option(options, std::string{'-', name.back()}) : nullptr;
}

// Whether the next word is its value.
bool takes_next(const OptionSummary* option) {
  return option != nullptr && !option->value.empty() && !option->value_is_joined();
}

// "--actions=dr": each candidate keeps the name before it, except where files fit, which shells
// find by the part after the "=".
std::string assigned_lines(const CompletionSources& sources, const std::string& typed) {
  const std::string front = typed.substr(0, typed.find('=') + 1);
  const OptionSummary* option = find_option(sources.options, front.substr(0, front.size() - 1));
  if (option == nullptr) return {};
  std::string text;
  const std::string values = value_lines(option->value, typed.substr(front.size()), sources);
  for (const std::string_view line : split(values, '\n')) {
    if (line.empty()) continue;
    text += (line.front() == ':' ? "" : front) + std::string(line) + "\n";
  }
  return text;
}

// What the words that are no options mean, which some options change.
enum class Operand : std::uint8_t { hook, output, source, filter };

std::vector<Operand> operands(const Words& words, const std::vector<OptionSummary>& options) {
  const auto given = [&](std::initializer_list<const char*> names) {
    return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      const OptionSummary* option = find_option(options, name);
      return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return option != nullptr && find_option(options, word) == option;
      });
    });
  };
  if (given({"-d", "--dd", "--ddd", "--dump-ebpf", "--list"})) return {};
  if (given({"-i", "-r"})) return {};
  constexpr std::size_t kSources = 16;
  if (given({"--top"})) return std::vector(kSources, Operand::source);
  std::vector<Operand> expected;
  if (!given({"--replay"})) expected.push_back(Operand::hook);
  if (!given({"-w"})) expected.push_back(Operand::output);
  return expected;
}

std::string operand_lines(Operand operand, const CompletionSources& sources,
                          const std::string& typed) {
  if (operand == Operand::filter) return {};
  if (operand == Operand::source) return source_lines(sources, typed);
  const std::string hooks = operand == Operand::hook ? lines(sources.hooks(), typed) : "";
  return hooks.empty() ? kFiles : hooks;  // not root, or it is to be pinned yet
}

// The candidates for the last of whole words.
std::string complete(const Words& words, const CompletionSources& sources) {
  const std::string& typed = words.back();
  const auto last = words.end() - 1;
  std::size_t position = 0;  // of what is no option
  for (auto word = words.begin(); word != last; ++word) {
    if (word->size() < 2 || word->front() != '-') {
      ++position;
      continue;
    }
    const OptionSummary* option = find_option(sources.options, *word);
    if (takes_next(option) && ++word == last) return value_lines(option->value, typed, sources);
  }
  if (typed.starts_with('-')) {
    const bool assigned = typed.find('=') != std::string::npos;
    return assigned ? assigned_lines(sources, typed) : option_lines(sources.options, typed);
  }
  const std::vector<Operand> expected = operands({words.begin(), last}, sources.options);
  return operand_lines(position < expected.size() ? expected[position] : Operand::filter, sources,
                       typed);
}

// bash takes "--actions=drop" for three words, and "duration:5", too.
Words without_pieces(const Words& words) {
  const auto divides = [](const std::string& word) { return word == "=" || word == ":"; };
  Words whole;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool goes_on = i > 0 && (divides(words[i]) || divides(words[i - 1]));
    if (goes_on) {
      whole.back() += words[i];
    } else {
      whole.push_back(words[i]);
    }
  }
  return whole;
}

}  // namespace

std::string completions(const Words& words, const CompletionSources& sources) {
  if (words.empty()) return {};
  const Words whole = without_pieces(words);
  const bool divider = words.back() == "=" || words.back() == ":";
  const std::size_t shown = whole.back().size() - (divider ? 0 : words.back().size());
  const std::string candidates = complete(whole, sources);
  std::string text;
  for (const std::string_view line : split(candidates, '\n')) {
    if (line.empty()) continue;
    text += std::string(line.front() == ':' ? line : line.substr(shown)) + "\n";
  }
  return text;
}

}  // namespace xdpcap
