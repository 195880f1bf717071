// SPDX-License-Identifier: BSD-3-Clause
#include "cli/extcap.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "filter/expression.hpp"

namespace xdpcap {
namespace {

using Words = std::vector<std::string>;

constexpr std::string_view kPrefix = "xdpcap:";
constexpr std::string_view kEscaped = "{}%";
constexpr LinkType kEthernet{1};

constexpr const char* kEthernetOnly = "dlt {number=1}{name=EN10MB}{display=Ethernet}\n";

// What the dialog offers are options of the command line that Wireshark has no way of its own for.
constexpr const char* kDialog =
    "arg {number=0}{call=--actions}{display=Actions}{type=multicheck}"
    "{tooltip=Capture only packets with these actions. None ticked: all.}\n"
    "value {arg=0}{value=aborted}{display=aborted}\n"
    "value {arg=0}{value=drop}{display=drop}\n"
    "value {arg=0}{value=pass}{display=pass}\n"
    "value {arg=0}{value=tx}{display=tx}\n"
    "value {arg=0}{value=redirect}{display=redirect}\n"
    "arg {number=1}{call=--snaplen}{display=Snapshot length}{type=unsigned}{range=0,262144}"
    "{default=0}{tooltip=Bytes of each packet that are copied in the kernel. 0: all.}\n"
    "arg {number=2}{call=--buffer}{display=Ring buffer of each CPU}{type=unsigned}"
    "{tooltip=In bytes. Empty: a small part of the memory.}\n"
    "arg {number=3}{call=--offset}{display=Filter at offsets}{type=string}"
    "{tooltip=For tunnels: bytes at which the IP header may begin that the filter is for. "
    "14,34 is IP in Ethernet, and IP in IPv4.}\n"
    "arg {number=4}{call=--ingress}{display=Note the ingress interface}{type=boolflag}"
    "{tooltip=In a comment on each packet.}\n"
    "arg {number=5}{call=--fate}{display=Note fates}{type=boolflag}"
    "{tooltip=In a comment on each packet: what the kernel did with a redirect or XDP_TX.}\n"
    "arg {number=6}{call=--only-failed}{display=Only failed packets}{type=boolflag}"
    "{tooltip=Capture only what the kernel dropped or the program aborted, and note why.}\n"
    "arg {number=7}{call=--follow}{display=Follow reloads}{type=boolflag}"
    "{tooltip=Continue when another hook is pinned at the path.}\n";

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

// What is left of the words are options of the dialog, which the ordinary command line checks.
ExtcapCapture make_capture(Words words, const std::optional<std::string>& interface,
                           const std::optional<std::string>& fifo, const std::string& filter) {
  if (!interface || !fifo) {
    throw UsageError("--capture: --extcap-interface or --fifo is missing",
                     "this is for Wireshark; -h shows how to capture without it");
  }
  words.insert(words.begin(), "--quiet");
  words.emplace_back("--");  // a filter may look like an option
  words.push_back(hook_of_extcap_interface(*interface));
  words.push_back(*fifo);
  if (!trim(filter).empty()) words.push_back(filter);
  return {std::move(words)};
}

// "xdp_pass on eth0, other on lab/eth0"
std::string description(const ListedHook& hook) {
  Words users;
  for (const PlacedProgram& user : hook.users) {
    Words places;
    for (const XdpAttachment& place : user.attachments) {
      const std::string& in = place.network_namespace;
      places.push_back((in.empty() ? "" : in + "/") + place.interface);
    }
    users.push_back(user.name + (places.empty() ? "" : " on " + join(places, " and ")));
  }
  return users.empty() ? "not in use" : join(users, ", ");
}

// Braces would end the value.
std::string without_braces(std::string text) {
  std::replace(text.begin(), text.end(), '{', '(');
  std::replace(text.begin(), text.end(), '}', ')');
  return text;
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

std::vector<ListedHook> hooks_in_sight() {
  try {
    return list_hooks();
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
  if (take_flag(words, "--extcap-interfaces")) return ExtcapQuery{Kind::interfaces, {}};
  if (take_flag(words, "--extcap-dlts")) return ExtcapQuery{Kind::link_types, {}};
  if (take_flag(words, "--extcap-config")) return ExtcapQuery{Kind::options, {}};
  if (take_flag(words, "--capture")) {
    std::erase_if(words, [](const std::string& word) { return word.starts_with("--extcap-"); });
    return make_capture(std::move(words), interface, fifo, filter.value_or(""));
  }
  return ExtcapQuery{Kind::filter, filter.value_or("")};
}

std::string extcap_interface(const std::string& hook_path) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name(kPrefix);
  for (const char c : hook_path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && kEscaped.find(c) == std::string_view::npos) {
      name += c;
    } else {
      name += {'%', kHex[byte >> 4U], kHex[byte & 0xfU]};
    }
  }
  return name;
}

std::string hook_of_extcap_interface(const std::string& interface) {
  if (!interface.starts_with(kPrefix)) {
    throw UsageError("--extcap-interface: \"" + interface + "\" is not the name of a hook",
                     "they are called xdpcap:/sys/fs/bpf/...");
  }
  std::string path;
  for (std::size_t i = kPrefix.size(); i < interface.size(); ++i) {
    int byte = static_cast<unsigned char>(interface[i]);
    if (byte == '%' && i + 2 < interface.size()) {
      const char* digits = interface.data() + i + 1;
      if (std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) i += 2;
    }
    path += static_cast<char>(byte);
  }
  return path;
}

std::string extcap_interfaces(const std::vector<ListedHook>& hooks) {
  std::string lines = "extcap {version=" XDPCAP_VERSION "}{display=XDP hooks}\n";
  for (const ListedHook& hook : hooks) {
    lines += "interface {value=" + extcap_interface(hook.path) +
             "}{display=XDP hook: " + without_braces(description(hook)) + "}\n";
  }
  return lines;
}

std::string answer_extcap(const ExtcapQuery& query) {
  switch (query.kind) {
    case ExtcapQuery::Kind::interfaces:
      return extcap_interfaces(hooks_in_sight());
    case ExtcapQuery::Kind::link_types:
      return kEthernetOnly;
    case ExtcapQuery::Kind::options:
      return kDialog;
    case ExtcapQuery::Kind::filter:
      return filter_complaint(query.filter);
  }
  return {};
}

}  // namespace xdpcap
