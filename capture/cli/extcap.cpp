// SPDX-License-Identifier: BSD-3-Clause
#include "cli/extcap.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/extcap_dialog.hpp"
#include "filter/expression.hpp"
#include "session/toolbar.hpp"

namespace xdpcap {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kPrefix = "xdpcap:";
constexpr std::string_view kEscaped = "{}%";
constexpr LinkType kEthernet{1};

constexpr const char* kEthernetOnly = "dlt {number=1}{name=EN10MB}{display=Ethernet}\n";

bool is_option(const std::string& word, std::string_view name) {
  return word == name || word.starts_with(std::string(name) + "=");
}

bool take_flag(Words& words, std::string_view name) {
  return std::erase(words, name) > 0;
}

// "--name value" or "--name=value", taken out of the words.
std::optional<std::string> take_value(Words& words, std::string_view name) {
  const auto option = std::find_if(words.begin(), words.end(),
                                   [&](const auto& word) { return is_option(word, name); });
  if (option == words.end()) return std::nullopt;
  if (option->size() > name.size()) {
    std::string value = option->substr(name.size() + 1);
    words.erase(option);
    return value;
  }
  if (option + 1 == words.end()) throw UsageError(std::string(name) + ": its value is missing");
  std::string value = *(option + 1);
  words.erase(option, option + 2);
  return value;
}

// Only Wireshark has a toolbar; tshark and dumpcap have not.
std::optional<ToolbarPipes> take_toolbar(Words& words) {
  const auto in = take_value(words, "--extcap-control-in");
  const auto out = take_value(words, "--extcap-control-out");
  if (!in && !out) return std::nullopt;
  if (in && out) return ToolbarPipes{*in, *out};
  throw UsageError("--capture: --extcap-control-in or --extcap-control-out is missing",
                   "the toolbar needs both");
}

// What is left of the words are options of the dialog, which the ordinary command line checks.
// There, an empty value is none.
ExtcapCapture make_capture(Words words, const std::optional<std::string>& interface,
                           const std::optional<std::string>& fifo, const std::string& filter) {
  if (!interface || !fifo) {
    throw UsageError("--capture: --extcap-interface or --fifo is missing",
                     "this is for Wireshark; -h shows how to capture without it");
  }
  ExtcapCapture capture{.arguments = {}, .toolbar = take_toolbar(words)};
  std::erase_if(words, [](const std::string& word) { return word.starts_with("--extcap-"); });
  words.insert(words.begin(), "--quiet");
  const std::string source = source_of_extcap_interface(*interface);
  if (source.starts_with('/')) {
    words.insert(words.end(), {"--", source, *fifo});  // a filter may look like an option
  } else {
    words.insert(words.end(), {"-i", source, "-w", *fifo, "--"});
  }
  if (!trim(filter).empty()) words.push_back(filter);
  capture.arguments = std::move(words);
  return capture;
}

// Nothing for a filter that is one; for others what is wrong with it, which the dialog shows.
std::string filter_complaint(const std::string& filter) {
  try {
    static_cast<void>(compile_filter(filter, kEthernet));
    return {};
  } catch (const Error& error) {
    return std::string(error.what()) + "\n";
  }
}

std::vector<AvailableSource> sources_in_sight() {
  try {
    return available_sources();
  } catch (const Error&) {
    return {};  // Wireshark asks each program at each start, whoever starts it
  }
}

}  // namespace

std::optional<std::variant<ExtcapQuery, ExtcapCapture>> parse_extcap(const Words& arguments) {
  using Kind = ExtcapQuery::Kind;
  const bool ours = std::any_of(arguments.begin(), arguments.end(), [](const std::string& word) {
    return word == "--capture" || word.starts_with("--extcap-");
  });
  if (!ours) return std::nullopt;
  Words words = arguments;
  const auto interface = take_value(words, "--extcap-interface");
  const auto fifo = take_value(words, "--fifo");
  const auto filter = take_value(words, "--extcap-capture-filter");
  const auto reload = take_value(words, "--extcap-reload-option");
  if (take_flag(words, "--extcap-interfaces")) return ExtcapQuery{Kind::interfaces, {}, {}};
  if (take_flag(words, "--extcap-dlts")) return ExtcapQuery{Kind::link_types, {}, {}};
  if (take_flag(words, "--extcap-config")) {
    return reload ? ExtcapQuery{Kind::values, interface.value_or(""), *reload}
                  : ExtcapQuery{Kind::options, interface.value_or(""), {}};
  }
  if (take_flag(words, "--capture")) {
    return make_capture(std::move(words), interface, fifo, filter.value_or(""));
  }
  return ExtcapQuery{Kind::filter, {}, filter.value_or("")};
}

std::string extcap_interface(const std::string& source) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name(kPrefix);
  for (const char c : source) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && kEscaped.find(c) == std::string_view::npos) {
      name += c;
    } else {
      name += {'%', kHex[byte >> 4U], kHex[byte & 0xfU]};
    }
  }
  return name;
}

std::string source_of_extcap_interface(const std::string& interface) {
  if (!interface.starts_with(kPrefix)) {
    throw UsageError("--extcap-interface: \"" + interface + "\" is not one of ours",
                     "they are called xdpcap:/sys/fs/bpf/..., xdpcap:eth0 or xdpcap:prog:NAME");
  }
  std::string source;
  for (std::size_t i = kPrefix.size(); i < interface.size(); ++i) {
    int byte = static_cast<unsigned char>(interface[i]);
    if (byte == '%' && i + 2 < interface.size()) {
      const char* digits = interface.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) i += 2;
    }
    source += static_cast<char>(byte);
  }
  return source;
}

std::string extcap_interfaces(const std::vector<AvailableSource>& sources) {
  std::string lines = "extcap {version=" XDPCAP_VERSION "}{display=XDP}\n";
  for (const AvailableSource& source : sources) {
    lines += "interface {value=" + extcap_interface(source.name) +
             "}{display=" + without_braces(source.description) + "}\n";
  }
  return sources.empty() ? lines : lines + toolbar_controls();
}

std::string answer_extcap(const ExtcapQuery& query) {
  switch (query.kind) {
    case ExtcapQuery::Kind::interfaces:
      return extcap_interfaces(sources_in_sight());
    case ExtcapQuery::Kind::link_types:
      return kEthernetOnly;
    case ExtcapQuery::Kind::options:
      return extcap_dialog(source_of_extcap_interface(query.interface));
    case ExtcapQuery::Kind::values:
      return extcap_values(source_of_extcap_interface(query.interface), query.text);
    case ExtcapQuery::Kind::filter:
      return filter_complaint(query.text);
  }
  return {};
}

}  // namespace xdpcap
