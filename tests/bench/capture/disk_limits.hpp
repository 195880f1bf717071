// SPDX-License-Identifier: BSD-3-Clause
// What the disk itself can do, as the measure for captures.
#pragma once

#include <iosfwd>

#include "bench/capture/disk.hpp"

namespace xdpcap::bench {

// Bytes a second of one writer that writes one new file, 4 MiB at a time.
struct DiskLimits {
  double direct = 0;       // with O_DIRECT
  double buffered = 0;     // through the page cache, until fsync() has returned
  bool huge_pages = true;  // in the memory that the direct writes came from
  DirtyLimits dirty{};
};

// Writes directly for `seconds`, and then as long through the page cache, if the room suffices.
// Throws Error.
DiskLimits measure_limits(const DiskFolder& folder, double seconds);

void print_limits(std::ostream& out, const DiskFolder& folder, const DiskLimits& limits);

}  // namespace xdpcap::bench
