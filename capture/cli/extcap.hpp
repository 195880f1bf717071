// SPDX-License-Identifier: BSD-3-Clause
// The extcap interface, by which Wireshark and tshark ask a program for interfaces of its own: here
// each hook is one. Wireshark's extcap(4) has the rules: a sentence of options in, lines like
// `interface {value=...}{display=...}` out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "source/inventory.hpp"

namespace xdpcap {

// ExtcapQuery is what Wireshark wants to know.
struct ExtcapQuery {
  enum class Kind : std::uint8_t {
    interfaces,  // --extcap-interfaces
    link_types,  // --extcap-dlts
    options,     // --extcap-config: what the dialog offers
    filter,      // --extcap-capture-filter alone: is this a filter?
  };
  Kind kind = Kind::interfaces;
  std::string filter;
};

// ExtcapCapture is --capture, as the arguments of the ordinary command line that do the same.
struct ExtcapCapture {
  std::vector<std::string> arguments;
};

// Nothing when `arguments` (after the program's name) are not extcap's. Throws UsageError.
std::optional<std::variant<ExtcapQuery, ExtcapCapture>> parse_extcap(
    const std::vector<std::string>& arguments);

// "xdpcap:/sys/fs/bpf/xdpcap": what Wireshark calls the hook at a path. Braces and percent signs in
// it stand as %7B, %7D and %25, since braces end a value.
std::string extcap_interface(const std::string& hook_path);
// The other way round. Throws UsageError.
std::string hook_of_extcap_interface(const std::string& interface);

// The answer to --extcap-interfaces.
std::string extcap_interfaces(const std::vector<ListedHook>& hooks);

// The answer to a query: lines for stdout. Without the right to look at hooks there are none.
std::string answer_extcap(const ExtcapQuery& query);

}  // namespace xdpcap
