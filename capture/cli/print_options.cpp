// SPDX-License-Identifier: BSD-3-Clause
#include "cli/print_options.hpp"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "cli/option_values.hpp"

namespace xdpcap {
namespace {

Color parse_color(const std::string& text) {
  if (text == "auto") return Color::automatic;
  if (text == "always") return Color::always;
  if (text == "never") return Color::never;
  throw UsageError("\"" + text + "\" is not auto, always or never");
}

// Not CLI::App::add_flag() with a number: since CLI11 2.4 such a flag counts as given, and excludes
// others, if it is not.
void add_counter(CLI::App& app, const char* name, int& times, const char* description) {
  const auto take = [&times](std::int64_t count) { times = static_cast<int>(count); };
  app.add_flag_function(name, take, description);
}

}  // namespace

void PrintOptions::declare(CLI::App& app, Options& options) {
  app.option_defaults()->group("Printing");
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    add_counter(app, kFlags[i].name, flags_[i], kFlags[i].description);
  }
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    add_text(app, kValues[i].name, kValues[i].placeholder, values_[i], kValues[i].description)
        ->take_all();
  }
  add_counter(app, "-t", time_,
              "No time (-t), seconds since 1970 (-tt), since the packet before (-ttt), with the "
              "date (-tttt), or since the first packet (-ttttt)");
  app.add_flag("-#,--number", options.files.print_style.number, "Print a number for each packet");
  app.add_flag("-q,--q", short_,
               "Print no statistics, and less of each packet; losses are still reported");
  app.add_flag("--quiet", options.quiet, "Print no statistics; losses are still reported");
  add_value(app, "--color", "WHEN", options.files.print_style.color, parse_color,
            "Color actions: always, never, or auto, which means on a terminal unless NO_COLOR is "
            "set (default: auto)");
}

void PrintOptions::finish(Options& options) const {
  constexpr int kMostTimes = 5;
  if (time_ > kMostTimes) {
    throw UsageError("there are only -t, -tt, -ttt, -tttt and -ttttt", "give -t less often");
  }
  PrintStyle& style = options.files.print_style;
  style.time = static_cast<PrintTime>(time_);
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    style.words.insert(style.words.end(), static_cast<std::size_t>(flags_[i]), kFlags[i].name);
  }
  for (std::size_t i = 0; i < kValues.size(); ++i) {
    for (const std::string& value : values_[i]) {
      style.words.insert(style.words.end(), {kValues[i].name, value});
    }
  }
  if (!short_) return;
  options.quiet = true;
  style.words.emplace_back("-q");
}

}  // namespace xdpcap
