// SPDX-License-Identifier: BSD-3-Clause
#include "cli/filter_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/option_values.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

// Longer than any filter that fits into a program, and soon read where a file has no end.
constexpr std::size_t kLongestFilterFile = std::size_t{1} << 20U;

std::string read_file(const std::string& path) {
  const std::string doing = "reading the filter file " + path;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw system_error(doing, errno);
  std::string bytes(kLongestFilterFile + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) throw system_error(doing, errno);
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  if (bytes.size() > kLongestFilterFile) {
    throw UsageError(doing + ": it is longer than 1 MiB", "no filter is: name another file");
  }
  // libpcap would take what stands before it for the whole filter.
  if (bytes.find('\0') != std::string::npos) {
    throw UsageError(doing + ": it has a byte 0 in it", "filters are text: name another file");
  }
  return bytes;
}

// As tcpdump reads it: "#" begins a comment, lines are joined.
std::string read_filter_file(const std::string& path) {
  const std::string bytes = read_file(path);
  std::string text;
  for (const std::string_view line : split(bytes, '\n')) {
    text.append(line.substr(0, line.find('#'))) += ' ';
  }
  return text;
}

// Whoever gave a long filter knows it.
std::string shortened(std::string message, const std::string& filter) {
  constexpr std::size_t kMost = 500;
  constexpr std::size_t kShown = 60;
  const auto at = message.find(filter);
  if (filter.size() <= kMost || at == std::string::npos) return message;
  return message.replace(at + kShown, filter.size() - kShown, "...");
}

// "-c 5" and "o.pcap -c 5" have options where the filter is; "ip[0] - 1 > 5" has a minus.
std::string hint_for(const std::vector<std::string>& words) {
  const std::string text = join(words, " ");
  const std::vector<std::string_view> all = split(text, ' ');
  const bool has_option = std::any_of(all.begin(), all.end(), [](std::string_view word) {
    return word.size() > 1 && word[0] == '-' &&
           std::isdigit(static_cast<unsigned char>(word[1])) == 0;
  });
  return has_option ? "options come before the filter" : "man pcap-filter has the syntax";
}

}  // namespace

void FilterOptions::declare(CLI::App& app, Options& options) {
  app.option_defaults()->group("Filter");
  add_text(app, "-F,--F", "FILE", file_, "Read the filter from a file; # starts a comment");
  add_value(app, "--linktype,-y", "TYPE", options.link_type, parse_link_type,
            "Link type of the packets: a name as tcpdump -L prints it, or a DLT number (default: "
            "EN10MB)");
  add_value(app, "--offset", "N,N,...", options.filter_offsets, parse_offsets,
            "Match the filter against the IP packet that begins at one of these byte offsets, for "
            "tunnels: 14,34 is IP in Ethernet, and IP in IPv4");
  app.add_flag("-d,--d", listings_[0],
               "Print the compiled filter as tcpdump -d does, instead of capturing: all words are "
               "the filter");
  app.add_flag("--dd", listings_[1], "Print it as C, as tcpdump -dd does");
  app.add_flag("--ddd", listings_[2], "Print it as numbers, as tcpdump -ddd does");
  app.add_flag("--dump-ebpf", listings_[3],
               "Print the eBPF code that it compiles to, with its source beside it");
}

void FilterOptions::choose_listing(Options& options) const {
  const auto* const asked = std::find(listings_.begin(), listings_.end(), true);
  if (asked == listings_.end()) return;
  options.listing = static_cast<FilterListing>(asked - listings_.begin());
}

std::string FilterOptions::text(const std::vector<std::string>& words) const {
  if (file_.empty()) return std::string(trim(join(words, " ")));
  if (!words.empty()) {
    throw UsageError("-F: there is a filter on the command line, too", "give one of the two");
  }
  return std::string(trim(read_filter_file(file_)));
}

void FilterOptions::finish(const std::vector<std::string>& words, Options& options) const {
  options.filter_text = text(words);
  if (options.read) return;  // compiled for the link types of the file
  const bool at_offsets = !options.filter_offsets.empty();
  try {
    options.filter = compile_filter(options.filter_text, at_offsets ? kRawIp : options.link_type);
  } catch (const UsageError& error) {
    throw UsageError(shortened(error.what(), options.filter_text),
                     error.hint().empty() ? hint_for(words) : error.hint());
  }
}

}  // namespace xdpcap
