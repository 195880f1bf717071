// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>

namespace xdpcap {

// For each loaded program of type EXT (freplace), by id, the programs that it replaces a function
// of: libxdp and xdp-loader attach a dispatcher to the interface and load every XDP program as a
// part of it. Since Linux 5.13, and only if this process may see it.
std::multimap<std::uint32_t, std::uint32_t> extended_programs();

// Whether there are programs of type EXT whose targets the kernel does not tell.
bool has_hidden_targets();

}  // namespace xdpcap
