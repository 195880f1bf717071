// SPDX-License-Identifier: BSD-3-Clause
// libpcap's result for a packet, which every compiled filter is compared with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "filter/cbpf.hpp"

namespace xdpcap::test {

using Bytes = std::vector<std::uint8_t>;

// libpcap's own interpreter, by pcap_offline_filter(): true for anything but 0. False, as libpcap
// 1.11 says, for more than 64 jumps backwards; 1.10 would run a program that does not end for ever.
bool libpcap_matches(const CbpfProgram& filter, std::span<const std::uint8_t> packet);

// libpcap's own validator, bpf_validate().
bool libpcap_accepts(const CbpfProgram& filter);

// libpcap's name for a link type, empty when it has none.
std::string link_type_name(int dlt);

}  // namespace xdpcap::test
