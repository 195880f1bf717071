// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap::firewall {

// Prefix is an IPv4 or IPv6 network, "10.0.0.0/8" or "2001:db8::/32".
struct Prefix {
  int family;                            // AF_INET or AF_INET6
  unsigned length;                       // in bits
  std::array<std::uint8_t, 16> address;  // network byte order; IPv4 in the first four

  friend auto operator<=>(const Prefix&, const Prefix&) = default;
};

std::string to_string(const Prefix& prefix);

// An address without a length is one host. Throws UsageError: not an address, length too large, or
// host bits set, which is a typing mistake in the address or the length.
Prefix parse_prefix(std::string_view text);

// The rules of the command line, then those of the file (one a line, "#" begins a comment; an empty
// name is no file). Throws UsageError for an invalid or duplicate
// rule, for no rule and for more than RULES_MAX; Error if the file cannot be read.
std::vector<Prefix> read_rules(const std::vector<std::string>& words, const std::string& file);

}  // namespace xdpcap::firewall
