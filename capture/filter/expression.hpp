// SPDX-License-Identifier: BSD-3-Clause
// Filter expressions to classic BPF.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "filter/cbpf.hpp"

namespace xdpcap {

// A link type, by libpcap's number for pcap_compile() (DLT_*; 1 is Ethernet).
struct LinkType {
  int dlt = 1;
  // Packets of a file may be another system's, which numbers IPv6 otherwise in DLT_NULL.
  bool is_of_file = false;
};

// IPv4 or IPv6 without a link-layer header (DLT_RAW), for filters with --offset.
inline constexpr LinkType kRawIp{12};

// Parses a link type's name in any case, with or without "DLT_" ("EN10MB", "raw"), or its number.
// Throws UsageError.
LinkType parse_link_type(std::string_view text);

// As tcpdump shows it: "EN10MB (Ethernet)".
std::string link_type_text(LinkType type);

// The names that parse_link_type() knows, as tcpdump -L prints them.
std::vector<std::string> link_type_names();

// Parses the byte offsets of --offset, "14,34". Throws UsageError; at least one, none above 65,535.
std::vector<std::uint32_t> parse_offsets(std::string_view text);

// Compiles a filter: a libpcap expression (optimised; empty matches every packet), or a classic
// BPF program written "<length>,<code> <jt> <jf> <k>,..." as `tcpdump -ddd | tr '\n' ','` prints
// it. The result is valid (cbpf.hpp). Throws UsageError with libpcap's message.
CbpfProgram compile_filter(std::string_view text, LinkType link_type);

}  // namespace xdpcap
