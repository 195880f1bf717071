// SPDX-License-Identifier: BSD-3-Clause
#include "app/options.hpp"

#include <CLI/CLI.hpp>

#include "app/capture_options.hpp"
#include "app/command_line.hpp"
#include "app/filter_options.hpp"
#include "app/list_options.hpp"
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
  ListOptions list;
  ServiceOptions service;
};

void declare(CLI::App& app, Families& families) {
  app.add_option("words", families.words)->group("");
  families.capture.declare(app);
  families.filter.declare(app);
  families.list.declare(app);
  families.service.declare(app);
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", program_version(), "Print the version");
}

// Takes the hook and the output off the front of the words; what is left is the filter.
void take_hook_and_output(std::vector<std::string>& words, Options& options) {
  if (words.size() < 2) {
    throw UsageError(words.empty() ? "missing <hook> and <output>" : "missing <output>",
                     "usage: xdpcap-cpp [options] <hook> <output|-> [filter]; -h for more");
  }
  options.hook = words[0];
  options.output = words[1];
  words.erase(words.begin(), words.begin() + 2);
}

Options check(Families families) {
  Options options;
  options.listing = families.filter.listing();
  if (!options.listing) take_hook_and_output(families.words, options);
  families.capture.check(options);
  families.service.check(options);
  families.filter.check(families.words, options);
  return options;
}

}  // namespace

std::string program_version() {
  return "xdpcap-cpp " XDPCAP_VERSION;
}

std::variant<Options, Help, ListRequest> parse_options(const std::vector<std::string>& arguments) {
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
  if (const auto list = families.list.request(families.words)) return *list;
  return check(std::move(families));
}

}  // namespace xdpcap
