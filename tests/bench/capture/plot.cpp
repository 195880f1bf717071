// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "bench/capture/report.hpp"

namespace xdpcap::bench {
namespace {

// The drawing, in its own units. Rates from 10 k to 20 M packets/s, on a logarithmic scale.
constexpr double kWidth = 720, kHeight = 400;
constexpr double kLeft = 60, kRight = 520, kTop = 20, kBottom = 350;
constexpr double kLeastRate = 1e4, kMostRate = 2e7;

constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000", "#999999"};

double x_of(double rate) {
  const double share = std::log(std::clamp(rate, kLeastRate, kMostRate) / kLeastRate) /
                       std::log(kMostRate / kLeastRate);
  return kLeft + share * (kRight - kLeft);
}

double y_of(double loss) {
  return kBottom - std::clamp(loss, 0.0, 1.0) * (kBottom - kTop);
}

void draw_text(std::ostream& out, double x, double y, const char* anchor, const std::string& text) {
  out << "<text x='" << x << "' y='" << y << "' text-anchor='" << anchor << "'>" << text
      << "</text>\n";
}

void draw_line(std::ostream& out, double x1, double y1, double x2, double y2) {
  out << "<line x1='" << x1 << "' y1='" << y1 << "' x2='" << x2 << "' y2='" << y2
      << "' stroke='#ddd'/>\n";
}

void draw_axes(std::ostream& out) {
  const std::array<std::pair<double, const char*>, 10> rates = {{{1e4, "10 k"},
                                                                 {3e4, "30 k"},
                                                                 {1e5, "100 k"},
                                                                 {3e5, "300 k"},
                                                                 {1e6, "1 M"},
                                                                 {2e6, "2 M"},
                                                                 {4e6, "4 M"},
                                                                 {8e6, "8 M"},
                                                                 {1.6e7, "16 M"},
                                                                 {kMostRate, ""}}};
  for (const auto& [rate, name] : rates) {
    draw_line(out, x_of(rate), kTop, x_of(rate), kBottom);
    draw_text(out, x_of(rate), kBottom + 18, "middle", name);
  }
  for (int percent = 0; percent <= 100; percent += 20) {
    draw_line(out, kLeft, y_of(percent / 100.0), kRight, y_of(percent / 100.0));
    draw_text(out, kLeft - 8, y_of(percent / 100.0) + 4, "end", std::to_string(percent) + " %");
  }
  draw_text(out, (kLeft + kRight) / 2, kHeight - 10, "middle", "packets offered a second");
}

}  // namespace

void write_plot(std::ostream& out, const Results& results, Path path, Sink sink) {
  std::map<std::string, std::vector<std::pair<double, double>>> lines;  // (rate, loss)
  for (const Row& row : results.rows) {
    if (row.path != path || row.sink != sink || !row.lost() || row.traffic.received == 0) continue;
    lines[row.tool + ", " + std::to_string(row.size) + " B"].emplace_back(
        row.traffic.rate(),
        static_cast<double>(*row.lost()) / static_cast<double>(row.traffic.received));
  }
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << kWidth << ' ' << kHeight
      << "' font-family='sans-serif' font-size='12'>\n<title>Packets lost against packets offered "
         "a second</title>\n<rect width='100%' height='100%' fill='white'/>\n";
  draw_axes(out);
  std::size_t number = 0;
  for (auto& [name, points] : lines) {
    std::sort(points.begin(), points.end());
    const char* colour = kColours.at(number % kColours.size());
    out << "<polyline fill='none' stroke-width='2' stroke='" << colour << "' points='";
    for (const auto& [rate, loss] : points) out << x_of(rate) << ',' << y_of(loss) << ' ';
    out << "'/>\n<g fill='" << colour << "'>";
    for (const auto& [rate, loss] : points) {
      out << "<circle r='3' cx='" << x_of(rate) << "' cy='" << y_of(loss) << "'/>";
    }
    draw_text(out, kRight + 14, kTop + 18 * static_cast<double>(++number), "start", name);
    out << "</g>\n";
  }
  out << "</svg>\n";
}

}  // namespace xdpcap::bench
