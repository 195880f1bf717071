// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>
#include <map>

namespace xdpcap {

// Which program each loaded program of type EXT (freplace) replaces a function of: libxdp and
// xdp-loader attach a dispatcher to the interface and load every XDP program as a part of it. By
// id; the kernel tells since Linux 5.13, to those who may look.
std::map<std::uint32_t, std::uint32_t> extended_programs();

}  // namespace xdpcap
