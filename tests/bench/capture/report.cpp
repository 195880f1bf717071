// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/report.hpp"

#include <algorithm>
#include <cstdint>
#include <iomanip>
#include <map>
#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <tuple>

namespace xdpcap::bench {
namespace {

const char* to_string(Path path) {
  return path == Path::veth ? "veth" : "direct";
}

template <class Number>
std::string text(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "?";
}

template <class Number>
std::string json(const std::optional<Number>& number) {
  return number ? std::to_string(*number) : "null";
}

std::string json(const std::optional<bool>& yes) {
  return !yes ? "null" : *yes ? "true" : "false";
}

std::string quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string percent(double share) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(0) << share * 100 << '%';
  return out.str();
}

using Series = std::tuple<std::string, Path, std::uint32_t, Sink>;

// The highest rate up to which nothing was lost.
std::map<Series, double> clean_rates(const Results& results) {
  std::map<Series, double> clean;
  std::map<Series, bool> has_lost;
  for (const Row& row : results.rows) {
    const auto key = std::tuple(row.tool, row.path, row.size, row.sink);
    if (row.lost().value_or(1) != 0) has_lost[key] = true;
    if (has_lost[key]) {
      clean.try_emplace(key, 0);
    } else {
      clean[key] = std::max(clean[key], row.traffic.rate());
    }
  }
  return clean;
}

void print_disk_columns(std::ostream& out, const OnDisk& disk, const DiskLimits& limits) {
  constexpr double kMB = 1e6;
  out << std::setprecision(0) << std::setw(8) << disk.rate() / kMB << std::setw(8)
      << percent(disk.rate() / limits.direct) << std::setw(8)
      << static_cast<double>(disk.dirty) / kMB << std::setprecision(1) << std::setw(8)
      << disk.times_dirty;
  if (disk.shortened) out << "  no room for more packets";
  if (!disk.fault.empty()) out << "  FILE: " << disk.fault;
}

void write_disk_json(std::ostream& out, const Row& row) {
  out << ", \"offered_bytes_per_second\": " << row.offered_bytes()
      << ", \"bytes_per_second\": " << row.disk->rate() << ", \"bytes\": " << row.disk->bytes
      << ", \"cached_bytes\": " << row.disk->dirty << ", \"seconds\": " << row.disk->seconds
      << ", \"times_dirty\": " << row.disk->times_dirty
      << ", \"shortened\": " << (row.disk->shortened ? "true" : "false")
      << ", \"fault\": " << quoted(row.disk->fault);
}

void write_limits_json(std::ostream& out, const DiskLimits& limits) {
  out << "\"disk\": {\"direct\": " << limits.direct << ", \"buffered\": " << limits.buffered
      << ", \"huge_pages\": " << (limits.huge_pages ? "true" : "false")
      << ", \"dirty_ratio\": " << limits.dirty.ratio
      << ", \"dirty_background_ratio\": " << limits.dirty.background_ratio
      << ", \"dirty_bytes\": " << limits.dirty.most
      << ", \"dirty_background_bytes\": " << limits.dirty.background << "},\n";
}

}  // namespace

void print_heading(std::ostream& out, bool to_disk) {
  out << std::left << std::setw(12) << "tool" << std::right << std::setw(5) << "size"
      << "  " << std::left << std::setw(7) << "path" << std::setw(10) << "to" << std::right
      << std::setw(10) << "wanted/s" << std::setw(10) << "offered/s" << std::setw(10) << "received"
      << std::setw(10) << "matched" << std::setw(10) << "captured" << std::setw(9) << "lost"
      << std::setw(8) << "lost" << std::setw(8) << "user ns" << std::setw(8) << "sys ns"
      << std::setw(6) << "left";
  if (to_disk) {
    out << std::setw(8) << "MB/s" << std::setw(8) << "limit" << std::setw(8) << "cached"
        << std::setw(8) << "x dirty";
  }
  out << '\n';
}

void print_row(std::ostream& out, const Row& row, const DiskLimits* limits) {
  const auto lost = row.lost();
  const auto received = static_cast<double>(std::max<std::uint64_t>(row.traffic.received, 1));
  out << std::left << std::setw(12) << row.tool << std::right << std::setw(5) << row.size << "  "
      << std::left << std::setw(7) << to_string(row.path) << std::setw(10) << to_string(row.sink)
      << std::right << std::fixed << std::setprecision(0) << std::setw(10);
  if (row.wanted_rate == 0) {
    out << "flat out";
  } else {
    out << row.wanted_rate;
  }
  out << std::setw(10) << row.traffic.rate() << std::setw(10) << row.traffic.received
      << std::setw(10) << text(row.outcome.matched) << std::setw(10) << text(row.outcome.captured)
      << std::setw(9) << text(lost) << std::setw(8)
      << (lost ? percent(static_cast<double>(*lost) / received) : "?") << std::setprecision(1)
      << std::setw(8) << row.user_ns() << std::setw(8) << row.system_ns() << std::setw(6)
      << percent(row.share_left);
  if (row.disk && limits != nullptr) print_disk_columns(out, *row.disk, *limits);
  out << (row.outcome.sorted.value_or(true) ? "" : "  NOT SORTED")
      << (row.traffic.same_cpu ? "" : "  received on another CPU") << '\n'
      << std::flush;
}

void print_summary(std::ostream& out, const Results& results) {
  out << "\nHighest rate up to which nothing was lost:\n" << std::fixed;
  for (const auto& [key, rate] : clean_rates(results)) {
    const auto& [tool, path, size, sink] = key;
    out << "  " << std::left << std::setw(12) << tool << std::right << std::setw(5) << size
        << " B  " << std::left << std::setw(7) << to_string(path) << std::setw(10)
        << to_string(sink) << std::right << std::setprecision(3) << std::setw(8) << rate / 1e6
        << " M packets/s\n";
  }
  if (!results.costs.empty()) out << "\nAdded to each packet (BPF_PROG_TEST_RUN, 64 B):\n";
  for (const Cost& cost : results.costs) {
    out << "  " << std::left << std::setw(12) << cost.tool << std::setw(40) << cost.what
        << std::right << std::setprecision(1) << std::setw(7) << cost.nanoseconds << " ns\n";
  }
  if (!results.startups.empty()) out << "\nFrom the command to the live hook:\n";
  for (const Startup& startup : results.startups) {
    out << "  " << std::left << std::setw(12) << startup.tool << std::right << std::setprecision(0)
        << std::setw(7) << startup.seconds * 1e3 << " ms\n";
  }
}

void write_json(std::ostream& out, const Results& results, const DiskLimits* limits) {
  const char* separator = "\n";
  out << "{\n";
  if (limits != nullptr) write_limits_json(out, *limits);
  out << "\"rows\": [";
  for (const Row& row : results.rows) {
    out << separator << "  {\"tool\": " << quoted(row.tool)
        << ", \"path\": " << quoted(to_string(row.path)) << ", \"size\": " << row.size
        << ", \"sink\": " << quoted(to_string(row.sink)) << ", \"wanted_rate\": " << row.wanted_rate
        << ", \"offered_rate\": " << row.traffic.rate() << ", \"offered\": " << row.traffic.sent
        << ", \"received\": " << row.traffic.received
        << ", \"matched\": " << json(row.outcome.matched)
        << ", \"captured\": " << json(row.outcome.captured) << ", \"lost\": " << json(row.lost())
        << ", \"sorted\": " << json(row.outcome.sorted) << ", \"user_ns\": " << row.user_ns()
        << ", \"system_ns\": " << row.system_ns() << ", \"share_left\": " << row.share_left;
    if (row.disk) write_disk_json(out, row);
    out << "}";
    separator = ",\n";
  }
  separator = "\n";
  out << "\n],\n\"costs\": [";
  for (const Cost& cost : results.costs) {
    out << separator << "  {\"tool\": " << quoted(cost.tool) << ", \"what\": " << quoted(cost.what)
        << ", \"ns\": " << cost.nanoseconds << "}";
    separator = ",\n";
  }
  separator = "\n";
  out << "\n],\n\"startups\": [";
  for (const Startup& startup : results.startups) {
    out << separator << "  {\"tool\": " << quoted(startup.tool)
        << ", \"seconds\": " << startup.seconds << "}";
    separator = ",\n";
  }
  out << "\n]\n}\n";
}

}  // namespace xdpcap::bench
