// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "filter/expression.hpp"

namespace xdpcap {

// The number of a link type in capture files (LINKTYPE_*). For some, such as raw IP, it differs
// from libpcap's own number (DLT_*): https://www.tcpdump.org/linktypes.html
std::uint16_t file_link_type(LinkType link_type);

// The reverse: the link type of a file's packets. Throws Error if libpcap does not know it.
LinkType link_type_of_file(std::uint16_t link_type);

}  // namespace xdpcap
