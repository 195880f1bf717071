// SPDX-License-Identifier: BSD-3-Clause
#include <ostream>
#include <string>
#include <utility>

#include "bench/capture/chart.hpp"
#include "bench/capture/report.hpp"

namespace xdpcap::bench {
namespace {

double loss_of(const Row& row) {
  return static_cast<double>(row.lost().value_or(0)) / static_cast<double>(row.traffic.received);
}

std::string name_of(const Row& row) {
  return row.tool + ", " + std::to_string(row.size) + " B";
}

}  // namespace

void write_plot(std::ostream& out, const Results& results, Path path, Sink sink) {
  constexpr double kLeastRate = 1e4;
  constexpr double kMostRate = 2e7;
  Chart chart{.title = "Packets lost against packets offered a second",
              .axis = {.least = kLeastRate,
                       .most = kMostRate,
                       .ticks = {{1e4, "10 k"},
                                 {3e4, "30 k"},
                                 {1e5, "100 k"},
                                 {3e5, "300 k"},
                                 {1e6, "1 M"},
                                 {2e6, "2 M"},
                                 {4e6, "4 M"},
                                 {8e6, "8 M"},
                                 {1.6e7, "16 M"},
                                 {kMostRate, ""}},
                       .text = "packets offered a second"},
              .lines = {}};
  for (const Row& row : results.rows) {
    if (row.path != path || row.sink != sink || !row.lost() || row.traffic.received == 0) continue;
    chart.lines[name_of(row)].emplace_back(row.traffic.rate(), loss_of(row));
  }
  draw(out, std::move(chart));
}

void write_disk_plot(std::ostream& out, const Results& results, const DiskLimits& limits) {
  constexpr double kMB = 1e6;
  Chart chart{.title = "Packets lost against MB offered a second, captures to a disk",
              .axis = {.least = 50,
                       .most = 5000,
                       .ticks = {{50, "50"},
                                 {100, "100"},
                                 {200, "200"},
                                 {500, "500"},
                                 {1000, "1000"},
                                 {2000, "2000"},
                                 {5000, "5000"}},
                       .text = "MB/s offered, as the tool would write them"},
              .lines = {},
              .marks = {{limits.buffered / kMB, "page cache"}, {limits.direct / kMB, "O_DIRECT"}}};
  for (const Row& row : results.rows) {
    if (!row.disk || !row.lost() || row.traffic.received == 0) continue;
    chart.lines[name_of(row)].emplace_back(row.offered_bytes() / kMB, loss_of(row));
  }
  draw(out, std::move(chart));
}

}  // namespace xdpcap::bench
