// SPDX-License-Identifier: BSD-3-Clause
// Results as a table, JSON and SVG.
#pragma once

#include <iosfwd>

#include "bench/capture/disk_limits.hpp"
#include "bench/capture/measurement.hpp"

namespace xdpcap::bench {

// For rows of captures to a disk there are more columns.
void print_heading(std::ostream& out, bool to_disk = false);
void print_row(std::ostream& out, const Row& row, const DiskLimits* limits = nullptr);
// Costs, start-up times, and the highest rates at which nothing was lost.
void print_summary(std::ostream& out, const Results& results);

void write_json(std::ostream& out, const Results& results, const DiskLimits* limits = nullptr);

// Plots loss against offered rate, a line for each tool and size, for captures to `sink` by `path`.
void write_plot(std::ostream& out, const Results& results, Path path, Sink sink);

// The same against the bytes that each tool would have to write, with the limits of the disk.
void write_disk_plot(std::ostream& out, const Results& results, const DiskLimits& limits);

}  // namespace xdpcap::bench
