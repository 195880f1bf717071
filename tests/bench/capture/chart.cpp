// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <ostream>

namespace xdpcap::bench {
namespace {

// The drawing, in its own units.
constexpr double kWidth = 720, kHeight = 400;
constexpr double kLeft = 60, kRight = 520, kTop = 20, kBottom = 350;

constexpr std::array<const char*, 8> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000", "#999999"};

double x_of(const Axis& axis, double value) {
  const double share = std::log(std::clamp(value, axis.least, axis.most) / axis.least) /
                       std::log(axis.most / axis.least);
  return kLeft + share * (kRight - kLeft);
}

double y_of(double loss) {
  return kBottom - std::clamp(loss, 0.0, 1.0) * (kBottom - kTop);
}

void draw_text(std::ostream& out, double x, double y, const char* anchor, const std::string& text) {
  out << "<text x='" << x << "' y='" << y << "' text-anchor='" << anchor << "'>" << text
      << "</text>\n";
}

void draw_line(std::ostream& out, double x1, double y1, double x2, double y2,
               const char* stroke = "stroke='#ddd'") {
  out << "<line x1='" << x1 << "' y1='" << y1 << "' x2='" << x2 << "' y2='" << y2 << "' " << stroke
      << "/>\n";
}

void draw_axes(std::ostream& out, const Axis& axis) {
  for (const auto& [value, name] : axis.ticks) {
    draw_line(out, x_of(axis, value), kTop, x_of(axis, value), kBottom);
    draw_text(out, x_of(axis, value), kBottom + 18, "middle", name);
  }
  for (int percent = 0; percent <= 100; percent += 20) {
    draw_line(out, kLeft, y_of(percent / 100.0), kRight, y_of(percent / 100.0));
    draw_text(out, kLeft - 8, y_of(percent / 100.0) + 4, "end", std::to_string(percent) + " %");
  }
  draw_text(out, (kLeft + kRight) / 2, kHeight - 10, "middle", axis.text);
}

void draw_marks(std::ostream& out, const Chart& chart) {
  double y = kTop + 12;
  for (const auto& [value, name] : chart.marks) {
    const double x = x_of(chart.axis, value);
    draw_line(out, x, kTop, x, kBottom, "stroke='#555' stroke-dasharray='5 4'");
    draw_text(out, x - 4, y, "end", name);
    y += 16;  // or the texts of neighbours would overlap
  }
}

}  // namespace

void draw(std::ostream& out, Chart chart) {
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << kWidth << ' ' << kHeight
      << "' font-family='sans-serif' font-size='12'>\n<title>" << chart.title
      << "</title>\n<rect width='100%' height='100%' fill='white'/>\n";
  draw_axes(out, chart.axis);
  draw_marks(out, chart);
  std::size_t number = 0;
  for (auto& [name, points] : chart.lines) {
    std::sort(points.begin(), points.end());
    const char* colour = kColours.at(number % kColours.size());
    out << "<polyline fill='none' stroke-width='2' stroke='" << colour << "' points='";
    for (const auto& [x, loss] : points) out << x_of(chart.axis, x) << ',' << y_of(loss) << ' ';
    out << "'/>\n<g fill='" << colour << "'>";
    for (const auto& [x, loss] : points) {
      out << "<circle r='3' cx='" << x_of(chart.axis, x) << "' cy='" << y_of(loss) << "'/>";
    }
    draw_text(out, kRight + 14, kTop + 18 * static_cast<double>(++number), "start", name);
    out << "</g>\n";
  }
  out << "</svg>\n";
}

}  // namespace xdpcap::bench
