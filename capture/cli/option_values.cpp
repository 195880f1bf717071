// SPDX-License-Identifier: BSD-3-Clause
#include "cli/option_values.hpp"

#include <net/if.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "output/rotation.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {
namespace {

template <class Number>
Number parse_above_0(std::string_view text, const char* what) {
  const auto number = parse_number<Number>(text);
  if (number && *number > 0) return *number;
  throw UsageError("invalid " + std::string(what) + " \"" + std::string(text) + "\"",
                   "a number above 0");
}

std::uint32_t parse_1_to(std::uint32_t most, std::string_view text, const char* what) {
  const auto number = parse_number<std::uint32_t>(text);
  if (number && *number > 0 && *number <= most) return *number;
  throw UsageError("invalid " + std::string(what) + " \"" + std::string(text) + "\"",
                   "a whole number, 1 to " + std::to_string(most));
}

// Cuts the unit off `text`, and returns its bytes, or nothing where there is none. "KB" is none:
// some take it for 1000, some for 1024.
std::optional<std::uint64_t> take_unit(std::string_view& text) {
  constexpr std::string_view kUnits = "kmg";
  const std::string lower = to_lower(text);
  const std::size_t length = lower.ends_with("ib") ? 3 : 1;
  if (lower.size() < length) return std::nullopt;
  const std::size_t unit = kUnits.find(lower[lower.size() - length]);
  if (unit == std::string_view::npos) return std::nullopt;
  text.remove_suffix(length);
  return std::uint64_t{1} << (10 * (unit + 1));
}

// Nothing if it is not a size.
std::optional<std::uint64_t> size_in_bytes(std::string_view text, std::uint64_t default_unit) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 62U;
  const std::uint64_t unit = take_unit(text).value_or(default_unit);
  const auto number = parse_number<std::uint64_t>(text);
  if (!number || *number > kMostBytes / unit) return std::nullopt;
  return *number * unit;
}

Range parse_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number<std::uint32_t>(text.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : parse_number<std::uint32_t>(text.substr(dash + 1));
  if (first && last && *first <= *last) return {*first, *last};
  throw UsageError("invalid range \"" + std::string(text) + "\"",
                   "numbers and ranges, separated by commas: 0-3,5");
}

Range parse_interface(std::string_view text) {
  const std::string name(text);
  const auto number = parse_number<std::uint32_t>(text);
  const std::uint32_t index = number ? *number : ::if_nametoindex(name.c_str());
  if (index != 0) return {index, index};
  throw UsageError("no interface \"" + name + "\" in this network namespace",
                   "names or indexes of interfaces, separated by commas");
}

// Each is an instruction or two in every recorder.
constexpr std::size_t kMostRanges = 64;

template <class Parse>
std::vector<Range> parse_list(std::string_view text, Parse parse) {
  std::vector<Range> ranges;
  for (const std::string_view one : split(text, ',')) ranges.push_back(parse(one));
  if (ranges.size() <= kMostRanges) return ranges;
  throw UsageError(std::to_string(ranges.size()) + " values are too many",
                   "at most " + std::to_string(kMostRanges));
}

}  // namespace

std::uint64_t parse_size(std::string_view text, std::uint64_t default_unit) {
  const auto bytes = size_in_bytes(text, default_unit);
  if (bytes && *bytes > 0) return *bytes;
  throw UsageError("invalid size \"" + std::string(text) + "\"",
                   "a whole number above 0, which may have a unit: 64K, 16M, 1GiB");
}

std::uint64_t parse_packets(std::string_view text) {
  // The highest number stands for no limit.
  return std::min(parse_above_0<std::uint64_t>(text, "packet count"), kUnlimited - 1);
}

std::uint32_t parse_files(std::string_view text) {
  return parse_above_0<std::uint32_t>(text, "number of files");
}

std::uint64_t parse_seconds(std::string_view text) {
  constexpr double kMostSeconds = 1e9;
  constexpr double kNanoseconds = 1e9;
  const auto seconds = parse_number<double>(text);
  if (seconds && *seconds > 0 && *seconds <= kMostSeconds) {
    return std::max<std::uint64_t>(1, std::llround(*seconds * kNanoseconds));
  }
  throw UsageError("invalid number of seconds \"" + std::string(text) + "\"", "a number above 0");
}

std::uint32_t parse_snaplen(std::string_view text) {
  const auto bytes = size_in_bytes(text, 1);
  if (bytes && *bytes <= kMaxSnaplen) {
    return *bytes == 0 ? kMaxSnaplen : static_cast<std::uint32_t>(*bytes);
  }
  throw UsageError("invalid snapshot length \"" + std::string(text) + "\"",
                   "a number of bytes, 0 to " + std::to_string(kMaxSnaplen));
}

std::uint32_t parse_sample(std::string_view text) {
  return parse_1_to(kMostSample, text, "sample");
}

std::uint32_t parse_rate(std::string_view text) {
  return parse_1_to(kMostRate, text, "number of packets a second");
}

std::vector<Range> parse_ranges(std::string_view text) {
  return parse_list(text, parse_range);
}

std::vector<Range> parse_interfaces(std::string_view text) {
  return parse_list(text, parse_interface);
}

}  // namespace xdpcap
