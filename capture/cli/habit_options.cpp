// SPDX-License-Identifier: BSD-3-Clause
#include "cli/habit_options.hpp"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr const char* kUsage =
    "usage: xdpcap-cpp [options] <hook> <output|-> [filter]; -h for more";
constexpr const char* kReplayUsage =
    "usage: xdpcap-cpp --replay FILE --prog PROGRAM <output|-> [filter]";

}  // namespace

void HabitOptions::declare(CLI::App& app) {
  app.add_option("-w", file_, "The output file, instead of <output>")->option_text("FILE");
  app.add_flag("--print", print_,
               "Print a line for each packet, too, with its action in front; needs tcpdump");
  app.add_flag("--json", json_,
               "Statistics and the summary, or --list, as JSON, one object in a line");
  app.add_flag("-n,--n,--nn,-p,--p,-U,--U,-l,--l,-K,--K", ignored_,
               "Ignored, for compatibility with tcpdump: nothing is looked up, made promiscuous or "
               "held back");
  app.add_option("-i,--interface", interface_)->group("");
  app.add_option("-r", read_)->group("");
}

void HabitOptions::take_places(std::vector<std::string>& words, Options& options) const {
  refuse_other_ways();
  std::vector<std::pair<std::string, std::string*>> places;
  if (!options.replay) places.emplace_back("<hook>", &options.hook);
  if (file_.empty()) places.emplace_back("<output>", &options.files.path);
  std::vector<std::string> missing;
  for (std::size_t i = words.size(); i < places.size(); ++i) missing.push_back(places[i].first);
  if (!missing.empty()) {
    throw UsageError("missing " + join(missing, " and "), options.replay ? kReplayUsage : kUsage);
  }
  options.files.path = file_;
  for (std::size_t i = 0; i < places.size(); ++i) *places[i].second = words[i];
  // What follows the hook is the output, so an option there would become a file of that name.
  if (file_.empty() && options.files.path.starts_with("-") && options.files.path != "-") {
    throw UsageError(
        "the output " + options.files.path + " looks like an option",
        "options come before the hook; a file of that name is ./" + options.files.path);
  }
  words.erase(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(places.size()));
}

void HabitOptions::refuse_other_ways() const {
  if (!interface_.empty()) {
    const bool is_path = interface_.find('/') != std::string::npos;
    throw UsageError("-i is not supported: packets are captured at hooks, not at interfaces",
                     is_path ? "name the hook without -i" : "name a hook; --list shows them");
  }
  if (!read_.empty()) {
    throw UsageError("-r is not supported",
                     "tcpdump -r and Wireshark read captures; tshark -C xdpcap -r shows actions");
  }
}

void HabitOptions::check(Options& options) const {
  options.files.print = print_;
  options.json = json_;
  if (print_ && options.files.path == "-") {
    throw UsageError("--print: stdout has the capture already", "name a file as the output");
  }
}

}  // namespace xdpcap
