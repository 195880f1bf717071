// SPDX-License-Identifier: BSD-3-Clause
// The line of a terminal.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "session/reporter.hpp"

namespace xdpcap {
namespace {

constexpr double kSecond = 1e9;
constexpr std::size_t kGap = 2;

// A part of the line. Where there is no room for all, those with the lowest rank are left out.
struct Part {
  std::string text;
  int rank;
};

// 1234567 is "1.23 M": three significant digits.
std::string with_unit(double number) {
  constexpr std::array<const char*, 5> kUnits = {"", " k", " M", " G", " T"};
  constexpr double kStep = 1000;
  std::size_t unit = 0;
  for (; number >= kStep && unit + 1 < kUnits.size(); ++unit) number /= kStep;
  std::array<char, 32> text{};
  const int decimals = unit == 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  std::snprintf(text.data(), text.size(), "%.*f%s", decimals, number, kUnits[unit]);
  return text.data();
}

// "50 s", "90 min", "3 h", "12 days".
std::string duration(double seconds) {
  constexpr double kMinute = 60;
  constexpr double kHour = 3600;
  constexpr double kDay = 86400;
  if (seconds < 2 * kMinute) return with_unit(seconds) + " s";
  if (seconds < 2 * kHour) return with_unit(seconds / kMinute) + " min";
  if (seconds < 2 * kDay) return with_unit(seconds / kHour) + " h";
  return with_unit(seconds / kDay) + " days";
}

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

// "9.1 GB free, full in 2 h".
std::string disk(const OutputStatistics& output, double elapsed_seconds) {
  if (!output.free) return {};
  const auto free = static_cast<double>(*output.free);
  std::string text = with_unit(free) + "B free";
  const double rate = elapsed_seconds > 0 ? static_cast<double>(output.bytes) / elapsed_seconds : 0;
  constexpr double kLongest = 1e7;  // seconds; beyond, nobody waits for it
  if (output.grows && rate > 0 && free / rate < kLongest) {
    text += ", full in " + duration(free / rate);
  }
  return text;
}

std::size_t width_of(const std::vector<Part>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::size_t{0},
                         [](std::size_t sum, const Part& part) {
                           return sum + part.text.size() + (sum == 0 ? 0 : kGap);
                         });
}

}  // namespace

std::string progress_line(const Report& now, const Report& last, std::size_t width) {
  const InterfaceStatistics before = total(last.interfaces);
  const InterfaceStatistics sum = total(now.interfaces);
  const double time = static_cast<double>(now.elapsed - last.elapsed) / kSecond;
  const auto counter = [&](const char* name, std::uint64_t then, std::uint64_t value) {
    const double rate = time > 0 ? static_cast<double>(value - then) / time : 0;
    return name + (" " + std::to_string(value)) + " (" + with_unit(rate) + "/s)";
  };
  const std::string bytes = with_unit(static_cast<double>(now.output.bytes)) + "B in ";
  const bool all_written = sum.written + sum.counts.lost >= sum.counts.matched;
  std::vector<Part> parts = {
      {counter("received", before.counts.received, sum.counts.received), 6},
      {counter("matched", before.counts.matched, sum.counts.matched), 5},
      {all_written || now.only_counts ? "" : "written " + std::to_string(sum.written), 3},
      {now.only_counts ? "" : "lost " + std::to_string(sum.counts.lost), 7},
      {received_by_action(now.interfaces), 4},
      {now.only_counts ? "" : bytes + base_name(now.output.file), 2},
      {disk(now.output, static_cast<double>(now.elapsed) / kSecond), 1}};
  std::erase_if(parts, [](const Part& part) { return part.text.empty(); });
  while (width_of(parts) > width && parts.size() > 1) {
    parts.erase(std::min_element(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.rank < b.rank; }));
  }
  std::string line;
  for (const Part& part : parts) line += (line.empty() ? "" : "  ") + part.text;
  if (line.size() > width) line.resize(width);
  return line;
}

}  // namespace xdpcap
