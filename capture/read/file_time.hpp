// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstdint>

#include "read/file_block.hpp"

namespace xdpcap {

// Whether times of that resolution can be read: 64 bits have room for a second.
bool is_resolution(const FileInterface& interface);

// A time of the interface's packets in ns since 1970.
std::uint64_t nanoseconds(std::uint64_t time, const FileInterface& interface);

}  // namespace xdpcap
