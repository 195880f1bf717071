// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "filter/cbpf.hpp"

namespace xdpcap {

// Whether a filter takes a packet, as it would in a live capture. `filter` is valid. With
// `offsets`, the packet is looked at from each of them on, and one that matches is enough.
bool filter_takes(const CbpfProgram& filter, std::span<const std::uint32_t> offsets,
                  std::span<const std::byte> packet);

}  // namespace xdpcap
