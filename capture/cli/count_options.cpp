// SPDX-License-Identifier: BSD-3-Clause
#include "cli/count_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cli/option_values.hpp"

namespace xdpcap {
namespace {

constexpr std::initializer_list<const char*> kOfOutputs = {
    "-c",      "-s",     "-C",        "-G",      "-W",       "-b",     "-z",
    "--print", "--last", "--trigger", "--after", "--sample", "--rate", "--only-failed"};
// Of the rings, which are not used unless packets are followed.
constexpr std::initializer_list<const char*> kOfRings = {"--buffer", "--watermark"};

bool is_one_of(const CLI::Option& option, std::initializer_list<const char*> names) {
  return std::ranges::any_of(names, [&](const char* name) { return option.check_name(name); });
}

// Of options that may be needed without an output, the values that are not.
bool has_value_of_outputs(const TypedOption& typed) {
  const std::string& word = typed.words.back();
  if (typed.option->check_name("--autostop")) return word.find("duration:") == std::string::npos;
  if (typed.option->check_name("--ingress")) return word.find('=') == std::string::npos;
  return typed.option->check_name("--fate") && word.find('=') != std::string::npos;
}

}  // namespace

void CountOptions::declare(CLI::App& app, Options& options) {
  app.option_defaults()->group("Counts");
  add_text(app, "--metrics", "FILE", options.metrics,
           "Write the counts of packets, reasons and fates to FILE every five seconds, for "
           "Prometheus's node_exporter, which reads files NAME.prom. Without an output, packets "
           "are only counted");
  auto* const top =
      app.add_flag("--top", options.top,
                   "Show a live view of the counts in the terminal: of the sources that follow, as "
                   "-i takes them; without one, of all XDP programs and hooks of this host");
  top->excludes(app.get_option("--metrics"))->excludes(app.get_option("--json"));
}

bool shows_counts(const Options& options) {
  return !options.metrics.empty() || options.top;
}

void refuse_options_of_outputs(const CommandLine& line, const Options& options) {
  for (const TypedOption& typed : line.options) {
    const bool of_rings = is_one_of(*typed.option, kOfRings) && !records(options);
    if (!of_rings && !is_one_of(*typed.option, kOfOutputs) && !has_value_of_outputs(typed)) {
      continue;
    }
    const std::string word(typed.words.front());
    throw UsageError(word.substr(0, word.find(':')) + ": packets are only counted, not written",
                     "leave it out, or name an output with -w FILE");
  }
}

}  // namespace xdpcap
