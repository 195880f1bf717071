// SPDX-License-Identifier: BSD-3-Clause
#include "cli/last_options.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/option_values.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

constexpr const char* kFilterPrefix = "filter:";
constexpr const char* kFatePrefix = "fate:";

// "60s", "5m", "1h": ns. Nothing if it does not end in such a unit: "5M" is a size.
std::optional<std::uint64_t> parse_time_with_unit(std::string_view text) {
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  const double unit = text.ends_with('s')   ? 1
                      : text.ends_with('m') ? kMinute
                      : text.ends_with('h') ? kHour
                                            : 0;
  if (unit == 0) return std::nullopt;
  const auto number = parse_number<double>(text.substr(0, text.size() - 1));
  constexpr double kMost = 1e9;
  constexpr double kNanoseconds = 1e9;
  if (!number || !(*number > 0) || *number * unit > kMost) {
    throw UsageError("invalid time \"" + std::string(text) + "\"",
                     "a number above 0 with a unit: 60s, 5m, 1h");
  }
  return static_cast<std::uint64_t>(*number * unit * kNanoseconds);
}

// A time, a size, or both.
FlightOptions parse_last(const std::string& text) {
  FlightOptions last;
  for (const std::string_view part : split(text, ',')) {
    const auto time = parse_time_with_unit(part);
    if (!time && parse_number<double>(part)) {
      throw UsageError("\"" + std::string(part) + "\" has no unit",
                       "60s, 5m or 1h are times, and 500M or 2G are sizes");
    }
    std::uint64_t& value = time ? last.window : last.bytes;
    if (value != 0) throw UsageError("\"" + text + "\" has two limits of one kind", "give one");
    value = time ? *time : parse_bytes(part);
  }
  return last;
}

std::uint64_t parse_after(const std::string& text) {
  const auto time = parse_time_with_unit(text);
  return time ? *time : parse_seconds(text);
}

void take_trigger(const std::string& text, Options& options) {
  const std::string_view view(text);
  FlightOptions& flight = *options.files.flight;
  if (view.starts_with(kFilterPrefix)) {
    const std::string filter(trim(view.substr(std::string_view(kFilterPrefix).size())));
    if (filter.empty()) throw UsageError("the filter is empty", "every packet would be a trigger");
    const bool at_offsets = !options.filter_offsets.empty();
    flight.filters.push_back(
        {.text = filter,
         .program = compile_filter(filter, at_offsets ? kRawIp : options.link_type),
         .offsets = options.filter_offsets});
  } else if (view.starts_with(kFatePrefix)) {
    options.trigger_fates = FateSelection::parse(view.substr(std::string_view(kFatePrefix).size()));
    if (!options.fates) options.fates.emplace();
    if (options.sources.at != CapturePoint::exit) {
      throw UsageError("at its entry, a packet has no fate yet", "leave --at out");
    }
  } else {
    for (const XdpAction action : parse_actions(text)) flight.actions.push_back(action);
  }
}

}  // namespace

void LastOptions::declare(CLI::App& app) {
  app.option_defaults()->group("The last packets before something happens");
  auto* const last = add_value(
      app, "--last", "TIME|SIZE", last_, parse_last,
      "Write nothing, but keep the packets of the last TIME (60s, 5m, 1h) or the last SIZE bytes "
      "(500M, 2G) in memory, or both limits (60s,2G); write them to a file on each SIGUSR2, and "
      "on each --trigger, and go on");
  for (const char* other : {"-C", "-G", "-b", "--print"}) last->excludes(app.get_option(other));
  add_text(app, "--trigger", "WHAT", triggers_,
           "With --last: write a file when such a packet is captured: its action (drop, or "
           "drop,aborted), filter:EXPRESSION, or fate:LIST as in --fate. May be given several "
           "times")
      ->take_all()
      ->needs(last);
  add_value(app, "--after", "TIME", after_, parse_after,
            "With --last: keep recording this long after SIGUSR2 or a trigger before the file is "
            "written (default: 0)")
      ->needs(last);
}

void LastOptions::finish(Options& options) const {
  if (!last_ || options.listing) return;
  if (options.files.print) {
    throw UsageError("--last: no file is named to write the packets to", "add -w FILE");
  }
  options.files.flight = last_;
  options.files.flight->after = after_;
  for (const std::string& text : triggers_) {
    with_context("--trigger", [&] { take_trigger(text, options); });
  }
}

}  // namespace xdpcap
