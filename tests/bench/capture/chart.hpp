// SPDX-License-Identifier: BSD-3-Clause
// Draws charts of losses as SVG.
#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace xdpcap::bench {

// The horizontal axis, on a logarithmic scale.
struct Axis {
  double least = 0, most = 0;
  std::vector<std::pair<double, std::string>> ticks;
  std::string text;
};

struct Chart {
  std::string title;
  Axis axis;
  // By name: points of x and loss (0 to 1).
  std::map<std::string, std::vector<std::pair<double, double>>> lines;
  // Vertical lines, with their text.
  std::vector<std::pair<double, std::string>> marks = {};
};

void draw(std::ostream& out, Chart chart);

}  // namespace xdpcap::bench
