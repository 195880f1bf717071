// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "filter/expression.hpp"

namespace xdpcap {

// The number that capture files use for a link type (LINKTYPE_*). It differs from libpcap's own
// number (DLT_*) for a few, raw IP among them: https://www.tcpdump.org/linktypes.html
std::uint16_t file_link_type(LinkType link_type);

}  // namespace xdpcap
