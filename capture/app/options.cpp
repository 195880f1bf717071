// SPDX-License-Identifier: BSD-3-Clause
#include "app/options.hpp"

#include <CLI/CLI.hpp>

#include "app/capture_options.hpp"
#include "app/command_line.hpp"
#include "app/fate_options.hpp"
#include "app/filter_options.hpp"
#include "app/habit_options.hpp"
#include "app/limit_options.hpp"
#include "app/replay_options.hpp"
#include "app/service_options.hpp"
#include "app/version.hpp"
#include "base/error.hpp"

namespace xdpcap {
namespace {

constexpr const char* kDescription =
    "Capture packets as they leave XDP programs, with the action each one got.\n"
    "\n"
    "<hook> is the pinned hook map of the XDP program, for example /sys/fs/bpf/xdpcap.\n"
    "<output> is a pcapng file to write, or - for stdout (which implies -q and -flush).\n"
    "[filter] is a tcpdump expression (man pcap-filter), or classic BPF written\n"
    "\"<length>,<code> <jt> <jf> <k>,...\"; none means every packet.\n";

constexpr const char* kExamples =
    "Examples:\n"
    "  xdpcap-cpp /sys/fs/bpf/xdpcap out.pcap \"icmp\"\n"
    "  xdpcap-cpp /sys/fs/bpf/xdpcap - \"tcp port 80\" | tcpdump -n -r -\n"
    "  xdpcap-cpp -actions drop,aborted /sys/fs/bpf/xdpcap dropped.pcap\n";

// Each family of options declares its own and checks what was typed.
struct Families {
  std::vector<std::string> words;  // hook, output and the filter's words
  CaptureOptions capture;
  FilterOptions filter;
  HabitOptions habits;
  LimitOptions limits;
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
  families.service.declare(app);
  families.fate.declare(app);
  families.replay.declare(app);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", program_version(), "Print the version");
}

void take_output(std::vector<std::string>& words, Options& options) {
  if (words.empty()) {
    throw UsageError("missing <output>",
                     "usage: xdpcap-cpp --replay FILE --prog PROGRAM <output|-> [filter]");
  }
  options.output = words.front();
  words.erase(words.begin());
}

Options check(Families families) {
  Options options;
  options.listing = families.filter.listing();
  if (families.replay.asked()) {
    if (!options.listing) take_output(families.words, options);
  } else if (!options.listing) {
    families.habits.take_hook_and_output(families.words, options);
  }
  families.capture.check(options);
  families.habits.check(options);
  families.limits.check(options);
  families.service.check(options);
  families.filter.check(families.words, options);
  families.fate.check(options);
  families.replay.check(options);
  return options;
}

}  // namespace

std::string program_version() {
  return "xdpcap-cpp " XDPCAP_VERSION;
}

std::variant<Options, Help> parse_options(const std::vector<std::string>& arguments) {
  CLI::App app(kDescription, "xdpcap-cpp [options] <hook> <output|-> [filter ...]");
  app.footer(kExamples);
  Families families;
  declare(app, families);
  try {
    parse_command_line(app, arguments);
  } catch (const CLI::CallForHelp&) {
    return Help{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Help{program_version() + "\n"};
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what(), "-h lists the options");
  }
  return check(std::move(families));
}

}  // namespace xdpcap
