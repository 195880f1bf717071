// SPDX-License-Identifier: BSD-3-Clause
#include "cli/request.hpp"

#include <CLI/CLI.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/capture_options.hpp"
#include "cli/command_line.hpp"
#include "cli/count_options.hpp"
#include "cli/filter_options.hpp"
#include "cli/last_options.hpp"
#include "cli/mode_options.hpp"
#include "cli/other_tools.hpp"
#include "cli/output_options.hpp"
#include "cli/print_options.hpp"

namespace xdpcap {
namespace {

// Not for people: the shells' completion calls it.
constexpr std::string_view kComplete = "--complete";

constexpr const char* kUsage =
    "usage: xdpcap-cpp [options] <hook> <output|-> [filter], or with -i SOURCE instead of the "
    "hook; -h for more";
constexpr const char* kReplayUsage =
    "usage: xdpcap-cpp --replay FILE --prog PROGRAM <output|-> [filter]";

// All that the command line takes, and what was typed of it.
struct Declarations {
  Options options;
  std::vector<std::string> words;  // hook, output and the filter's words
  CaptureOptions capture;
  FilterOptions filter;
  OutputOptions output;
  PrintOptions print;
  LastOptions last;
  ModeOptions modes;
};

// The order is that of the help.
void declare(CLI::App& app, Declarations& all) {
  all.capture.declare(app, all.options);
  all.filter.declare(app, all.options);
  all.output.declare(app, all.options);
  all.print.declare(app, all.options);
  all.last.declare(app);
  CountOptions::declare(app, all.options);
  all.modes.declare(app);
}

std::vector<OptionSummary> summarize(const CLI::App& app) {
  std::vector<OptionSummary> summaries;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    OptionSummary summary{
        {}, option->get_option_text(), option->get_description(), option->get_group()};
    for (const std::string& name : option->get_snames()) summary.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) {
      // A long name of one letter is the short one; "-dd" has two dashes only inside.
      if (name.size() > 1) summary.names.push_back("--" + name);
    }
    summaries.push_back(std::move(summary));
  }
  return summaries;
}

// Takes the hook and the output off the front of `words`: no hook for a replay, and no output where
// -w has named it. With -i or -r all words are the filter's, as in tcpdump. Without an output,
// packets are only counted if the counts are shown somewhere.
void take_places(std::vector<std::string>& words, Options& options) {
  std::string& output = options.files.path;
  if (options.top) {
    if (!output.empty()) {
      throw UsageError("--top: packets are only counted, not written to " + output,
                       "capture them with another xdpcap-cpp at the same time");
    }
    options.only_counts = true;
    if (options.sources.names.empty()) options.sources.names = std::exchange(words, {});
    return;
  }
  if (options.read && output.empty()) {
    output = "/dev/null";
    options.files.print = true;
  }
  if (options.read) return;
  if (!options.sources.names.empty()) {
    options.only_counts = output.empty() && !options.files.print && shows_counts(options);
    if (output.empty() && !options.only_counts) {
      output = "/dev/null";
      options.files.print = true;
    }
    return;
  }
  std::vector<std::pair<std::string, std::string*>> places;
  std::string hook;
  if (!options.replay) places.emplace_back("<hook>", &hook);
  options.only_counts = output.empty() && words.size() <= 1 && !options.replay &&
                        !options.files.print && shows_counts(options);
  const bool output_is_a_word = output.empty() && !options.only_counts;
  if (output_is_a_word) places.emplace_back("<output>", &output);
  std::vector<std::string> missing;
  for (std::size_t i = words.size(); i < places.size(); ++i) missing.push_back(places[i].first);
  if (!missing.empty()) {
    throw UsageError("missing " + join(missing, " and "), options.replay ? kReplayUsage : kUsage);
  }
  for (std::size_t i = 0; i < places.size(); ++i) *places[i].second = words[i];
  // What follows the hook is the output, so an option there would become a file of that name.
  if (output_is_a_word && output.starts_with("-") && output != "-") {
    throw UsageError("the output " + output + " looks like an option",
                     "options come before the hook; a file of that name is ./" + output);
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(places.size()));
  if (options.replay) return;
  options.sources.names = {std::move(hook)};
  options.sources.is_plain = true;
}

Request finish(Declarations all, const CommandLine& line) {
  if (all.modes.list()) {
    if (all.words.empty()) return ListRequest{all.options.json};
    throw UsageError("--list: takes no further words, not \"" + all.words.front() + "\"",
                     "leave them out");
  }
  if (std::string text = all.modes.list_of_types(); !text.empty()) return Help{std::move(text)};
  all.filter.choose_listing(all.options);
  all.modes.finish(all.options);
  if (!all.options.listing) take_places(all.words, all.options);
  all.capture.finish(all.options);
  all.last.finish(all.options);
  all.print.finish(all.options);
  all.output.finish(all.options);
  all.filter.finish(all.words, all.options);
  if (all.options.only_counts) refuse_options_of_outputs(line, all.options);
  return std::move(all.options);
}

}  // namespace

std::vector<OptionSummary> option_summaries() {
  CLI::App app;
  Declarations all;
  declare(app, all);
  return summarize(app);
}

Request parse_options(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == kComplete) {
    return CompletionRequest{{arguments.begin() + 1, arguments.end()}};
  }
  if (const auto extcap = parse_extcap(arguments)) {
    if (const auto* query = std::get_if<ExtcapQuery>(&*extcap)) return *query;
    const auto& capture = std::get<ExtcapCapture>(*extcap);
    Request request = parse_options(capture.arguments);
    if (auto* options = std::get_if<Options>(&request)) options->toolbar = capture.toolbar;
    return request;
  }
  CLI::App app;
  Declarations all;
  declare(app, all);
  const CommandLine line = read_command_line(app, arguments);
  if (line.has(app.get_version_ptr())) return Help{std::string(kProgramVersion) + "\n"};
  if (line.has(app.get_help_ptr())) return Help{help_text(summarize(app))};
  check_conflicts(line);
  try {
    parse_values(app, line);
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what(), "-h lists the options");
  }
  all.words = line.operands;
  return finish(std::move(all), line);
}

}  // namespace xdpcap
