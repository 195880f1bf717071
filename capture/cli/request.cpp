// SPDX-License-Identifier: BSD-3-Clause
#include "cli/request.hpp"

#include <CLI/CLI.hpp>

#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/version.hpp"
#include "cli/capture_options.hpp"
#include "cli/command_line.hpp"
#include "cli/fate_options.hpp"
#include "cli/filter_options.hpp"
#include "cli/habit_options.hpp"
#include "cli/help.hpp"
#include "cli/limit_options.hpp"
#include "cli/list_options.hpp"
#include "cli/replay_options.hpp"
#include "cli/service_options.hpp"

namespace xdpcap {
namespace {

// Not for people: the shells' completion calls it.
constexpr std::string_view kComplete = "--complete";

// Each family of options declares its own and checks what was typed.
struct Families {
  std::vector<std::string> words;  // hook, output and the filter's words
  CaptureOptions capture;
  FilterOptions filter;
  HabitOptions habits;
  LimitOptions limits;
  ListOptions list;
  ServiceOptions service;
  FateOptions fate;
  ReplayOptions replay;
};

void declare(CLI::App& app, Families& families) {
  app.add_option("words", families.words)->group("");
  families.capture.declare(app);
  families.filter.declare(app);
  families.limits.declare(app);
  families.habits.declare(app);
  families.list.declare(app);
  families.service.declare(app);
  families.fate.declare(app);
  families.replay.declare(app);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", kProgramVersion, "Print the version");
}

Options check(const std::vector<const CLI::Option*>& typed, Families families) {
  Options options;
  families.replay.check(typed, options);
  options.listing = families.filter.listing();
  if (!options.listing) families.habits.take_places(families.words, options);
  families.capture.check(options);
  families.habits.check(options);
  families.limits.check(options);
  families.service.check(options);
  families.fate.check(options);
  families.filter.check(families.words, options);
  return options;
}

}  // namespace

std::vector<OptionSummary> option_summaries() {
  CLI::App app;
  Families families;
  declare(app, families);
  return summarize_options(app);
}

Request parse_options(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == kComplete) {
    return CompletionRequest{{arguments.begin() + 1, arguments.end()}};
  }
  if (const auto extcap = parse_extcap(arguments)) {
    if (const auto* query = std::get_if<ExtcapQuery>(&*extcap)) return *query;
    return parse_options(std::get<ExtcapCapture>(*extcap).arguments);
  }
  CLI::App app;
  Families families;
  declare(app, families);
  std::vector<const CLI::Option*> typed;
  try {
    typed = parse_command_line(app, arguments);
  } catch (const CLI::CallForHelp&) {
    return Help{help_text(summarize_options(app))};
  } catch (const CLI::CallForVersion&) {
    return Help{std::string(kProgramVersion) + "\n"};
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what(), "-h lists the options");
  }
  if (const auto list = families.list.request(typed, families.words)) return *list;
  return check(typed, std::move(families));
}

}  // namespace xdpcap
