// SPDX-License-Identifier: BSD-3-Clause
// The extcap interface, by which Wireshark and tshark ask a program for interfaces of its own: here
// each source is one. Wireshark's extcap(4) has the rules: a sentence of options in, lines like
// `interface {value=...}{display=...}` out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "session/options.hpp"
#include "source/available_sources.hpp"

namespace xdpcap {

// ExtcapQuery is what Wireshark wants to know.
struct ExtcapQuery {
  enum class Kind : std::uint8_t {
    interfaces,  // --extcap-interfaces
    link_types,  // --extcap-dlts
    options,     // --extcap-config: what the dialog offers
    values,      // --extcap-config --extcap-reload-option: the choices of one of them
    filter,      // --extcap-capture-filter alone: is this a filter?
  };
  Kind kind = Kind::interfaces;
  std::string interface;  // of options and values
  std::string text;       // the filter, or the option's name
};

// ExtcapCapture is --capture, as the arguments of the ordinary command line that do the same.
struct ExtcapCapture {
  std::vector<std::string> arguments;
  std::optional<ToolbarPipes> toolbar = {};
};

// Nothing when `arguments` (after the program's name) are not extcap's. Throws UsageError.
std::optional<std::variant<ExtcapQuery, ExtcapCapture>> parse_extcap(
    const std::vector<std::string>& arguments);

// "xdpcap:/sys/fs/bpf/xdpcap", "xdpcap:eth0": what Wireshark calls a source that -i takes. Braces
// and percent signs in it stand as %7B, %7D and %25, since braces end a value.
std::string extcap_interface(const std::string& source);
// The other way round. Throws UsageError.
std::string source_of_extcap_interface(const std::string& interface);

// The answer to --extcap-interfaces.
std::string extcap_interfaces(const std::vector<AvailableSource>& sources);

// The answer to a query: lines for stdout. Without the right to look at
// programs there are no interfaces.
std::string answer_extcap(const ExtcapQuery& query);

}  // namespace xdpcap
