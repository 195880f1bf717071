// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "filter/cbpf.hpp"

namespace xdpcap {

// Whether a filter matches a packet, as in a live capture. `filter` must be valid. With `offsets`,
// the filter is applied at each of them, and one match is enough.
bool filter_takes(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                  std::span<const std::byte> packet);

}  // namespace xdpcap
