// SPDX-License-Identifier: BSD-3-Clause
// Results as a table, JSON and SVG.
#pragma once

#include <iosfwd>

#include "bench/capture/measurement.hpp"

namespace xdpcap::bench {

void print_heading(std::ostream& out);
void print_row(std::ostream& out, const Row& row);
// Costs, start-up times, and the highest rates at which nothing was lost.
void print_summary(std::ostream& out, const Results& results);

void write_json(std::ostream& out, const Results& results);

// Plots loss against offered rate, a line for each tool and size, for captures to `sink` by `path`.
void write_plot(std::ostream& out, const Results& results, Path path, Sink sink);

}  // namespace xdpcap::bench
