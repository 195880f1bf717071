// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <cstddef>

#include "base/mapping.hpp"

namespace xdpcap {

// Memory that forks share, all zeros, in huge pages if possible: the disk takes large pieces of
// memory much faster than single pages. Throws an Error that begins with `doing`.
Mapping shared_memory(std::size_t length, const char* doing);

// Makes the kernel provide this memory now instead of when it is first used, which takes longer
// than a copy; so that other threads can run on this CPU meanwhile. Changes no contents. The memory
// begins at a multiple of a page, also of a huge one if it is longer.
void populate(std::byte* memory, std::size_t length);

}  // namespace xdpcap
