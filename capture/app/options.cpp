// SPDX-License-Identifier: BSD-3-Clause
#include "app/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <utility>

#include "app/version.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

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

// What was typed, before it is checked.
struct Typed {
  std::vector<std::string> words;  // hook, output and the filter's words
  std::string actions;
  std::string link_type;
  std::string buffer;
  std::string watermark;
  std::string snaplen;
  std::string filter_file;
  std::string offsets;
  std::array<bool, 4> listings{};  // by FilterListing
};

// "-name" becomes "--name" and "-q=true" becomes "--q=true": xdpcap, being Go, takes either.
// "-s96", which tcpdump's users type, stays as it is.
std::string with_two_dashes(const std::string& argument) {
  const bool single = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
  const bool snaplen = single && argument[1] == 's' && std::isdigit(argument[2]) != 0;
  return single && !snaplen ? "-" + argument : argument;
}

// Options end at the first word that is none: what follows is the hook, the output and a filter,
// in which a word may well begin with a dash.
std::vector<std::string> separate_words(const CLI::App& app,
                                        const std::vector<std::string>& arguments) {
  std::vector<std::string> separated;
  auto next = arguments.begin();
  for (; next != arguments.end() && next->size() > 1 && next->front() == '-'; ++next) {
    if (*next == "--") {
      ++next;
      break;
    }
    const std::string& option = separated.emplace_back(with_two_dashes(*next));
    const CLI::Option* known = app.get_option_no_throw(option);
    const bool takes_value = known != nullptr && known->get_items_expected_min() > 0;
    if (takes_value && next + 1 != arguments.end()) separated.push_back(*++next);
  }
  separated.emplace_back("--");
  separated.insert(separated.end(), next, arguments.end());
  return separated;
}

void add_options(CLI::App& app, Typed& typed, Options& options, bool& flush) {
  app.add_option("words", typed.words)->group("");
  app.add_option("--actions", typed.actions,
                 "Capture only these XDP actions: names (aborted, drop, pass, tx, redirect) or "
                 "numbers, separated by commas (default: all the hook has slots for)")
      ->option_text("ACTIONS");
  app.add_option("--buffer", typed.buffer,
                 "Size of each CPU's ring buffer, rounded up to what the kernel takes (default: a "
                 "small part of the memory)")
      ->option_text("BYTES");
  app.add_option(
         "-s,--snaplen", typed.snaplen,
         "Keep this much of each packet, cut while it is still in the kernel (default: all; "
         "0 means the same)")
      ->option_text("BYTES");
  app.add_option("--watermark", typed.watermark,
                 "Wake up when this much waits in a ring buffer (default: a quarter of it), or a "
                 "few milliseconds after a packet")
      ->option_text("BYTES");
  app.add_flag("--ingress", options.note_ingress,
               "Say in a comment on each packet by which interface it came in: \"ingress=7\"");
  app.add_flag("--flush", flush,
               "Accepted for xdpcap's sake: packets never wait here longer than milliseconds");
  app.add_flag("-q,--q,--quiet", options.quiet, "Print no statistics; losses are still told");
  app.add_option("--linktype", typed.link_type,
                 "Link type of the packets: a name as tcpdump -L prints it, or a DLT number "
                 "(default: EN10MB)")
      ->option_text("TYPE");
  app.add_option("--offset", typed.offsets,
                 "Match the filter against the IP packet that begins at one of these byte offsets, "
                 "for tunnelled traffic: 14,34 is IP in Ethernet, and IP in IPv4")
      ->option_text("N,N,...");
  app.add_option("-F,--F", typed.filter_file,
                 "Read the filter from a file, in which # begins a comment")
      ->option_text("FILE");
  app.add_flag("-d,--d", typed.listings[0],
               "Print the filter, as tcpdump -d, instead of capturing: all words are the filter");
  app.add_flag("--dd", typed.listings[1], "The same as C, as tcpdump -dd");
  app.add_flag("--ddd", typed.listings[2], "The same as numbers, as tcpdump -ddd");
  app.add_flag("--dump-ebpf", typed.listings[3],
               "Print the eBPF code that the filter becomes, with its source beside it");
  app.add_flag("--wait", options.wait,
               "Wait until the hook is pinned and a loaded XDP program uses it");
  app.add_flag("--replace", options.replace,
               "Take slots over that another capture holds (or left behind when it was killed)");
  app.set_help_flag("-h,--help", "Print this help");
  app.set_version_flag("--version", program_version(), "Print the version");
}

std::optional<std::uint64_t> parse_bytes(const char* option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto bytes = parse_number<std::uint64_t>(text);
  if (bytes && *bytes > 0) return bytes;
  throw UsageError(std::string(option) + ": \"" + text + "\" is no number of bytes above 0");
}

// Takes the hook and the output off the front of the words; what is left is the filter.
void take_hook_and_output(Typed& typed, Options& options) {
  if (typed.words.size() < 2) {
    throw UsageError(typed.words.empty() ? "missing <hook> and <output>" : "missing <output>",
                     "usage: xdpcap-cpp [options] <hook> <output|-> [filter]; -h for more");
  }
  options.hook = typed.words[0];
  options.output = typed.words[1];
  typed.words.erase(typed.words.begin(), typed.words.begin() + 2);
  if (options.output == "-") options.quiet = true;
}

// As tcpdump reads it: "#" begins a comment, lines are joined.
std::string read_filter_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw system_error("reading the filter file " + path, errno);
  std::string text;
  for (std::string line; std::getline(file, line);) text += line.substr(0, line.find('#')) + ' ';
  return text;
}

std::string filter_text(const Typed& typed) {
  if (typed.filter_file.empty()) return std::string(trim(join(typed.words, " ")));
  if (!typed.words.empty()) {
    throw UsageError("-F: there is a filter on the command line, too", "give one of the two");
  }
  return std::string(trim(read_filter_file(typed.filter_file)));
}

std::uint32_t parse_snaplen(const std::string& text) {
  if (text.empty()) return kMaxSnaplen;
  const auto bytes = parse_number<std::uint32_t>(text);
  if (bytes && *bytes <= kMaxSnaplen) return *bytes == 0 ? kMaxSnaplen : *bytes;
  throw UsageError("-s: \"" + text + "\" is no number of bytes up to " +
                   std::to_string(kMaxSnaplen));
}

Options check(Typed typed, Options options) {
  auto* const listing = std::find(typed.listings.begin(), typed.listings.end(), true);
  if (listing != typed.listings.end()) {
    options.listing = static_cast<FilterListing>(listing - typed.listings.begin());
  } else {
    take_hook_and_output(typed, options);
  }
  options.filter_text = filter_text(typed);
  if (!typed.actions.empty()) options.actions = parse_actions(typed.actions);
  options.ring_bytes = parse_bytes("-buffer", typed.buffer);
  options.watermark = parse_bytes("-watermark", typed.watermark);
  options.snaplen = parse_snaplen(typed.snaplen);
  if (!typed.link_type.empty()) options.link_type = parse_link_type(typed.link_type);
  if (!typed.offsets.empty()) options.filter_offsets = parse_offsets(typed.offsets);
  options.filter = with_context("filter \"" + options.filter_text + "\"", [&] {
    const bool at_offsets = !options.filter_offsets.empty();
    return compile_filter(options.filter_text, at_offsets ? kRawIp : options.link_type);
  });
  return options;
}

}  // namespace

std::string program_version() {
  return "xdpcap-cpp " XDPCAP_VERSION;
}

std::variant<Options, Help> parse_options(const std::vector<std::string>& arguments) {
  CLI::App app(kDescription, "xdpcap-cpp [options] <hook> <output|-> [filter ...]");
  app.footer(kExamples);
  Typed typed;
  Options options;
  bool flush = false;
  add_options(app, typed, options, flush);
  try {
    std::vector<std::string> separated = separate_words(app, arguments);
    std::reverse(separated.begin(), separated.end());  // CLI11 takes them from the end
    app.parse(std::move(separated));
  } catch (const CLI::CallForHelp&) {
    return Help{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Help{program_version() + "\n"};
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what(), "-h lists the options");
  }
  return check(std::move(typed), std::move(options));
}

}  // namespace xdpcap
