// SPDX-License-Identifier: BSD-3-Clause
#include "session/time_limit.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string_view>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// A text before and after its decimal point: "12:00:05" and 250000000.
struct Parts {
  std::string whole;
  std::uint64_t nanoseconds = 0;
};

std::optional<Parts> split_fraction(const std::string& text) {
  const std::size_t point = text.find('.');
  if (point == std::string::npos) return Parts{text, 0};
  constexpr std::size_t kDigits = 9;
  std::string digits = text.substr(point + 1);
  if (digits.empty() || digits.size() > kDigits) return std::nullopt;
  digits.resize(kDigits, '0');
  const auto nanoseconds = parse_number<std::uint32_t>(digits);
  if (!nanoseconds) return std::nullopt;
  return Parts{text.substr(0, point), *nanoseconds};
}

std::optional<std::tm> parse_fields(const std::string& text, const char* format) {
  std::tm fields{};
  const char* end = ::strptime(text.c_str(), format, &fields);
  if (end == nullptr || *end != '\0') return std::nullopt;
  fields.tm_isdst = -1;
  return fields;
}

std::optional<std::uint64_t> parse_date(const std::string& text, bool is_utc) {
  constexpr std::array kFormats = {"%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M",
                                   "%Y-%m-%dT%H:%M",    "%Y-%m-%d",          "%b %d, %Y %H:%M:%S"};
  for (const char* format : kFormats) {
    auto fields = parse_fields(text, format);
    if (!fields) continue;
    const int day = fields->tm_mday;
    const std::time_t time = is_utc ? ::timegm(&*fields) : std::mktime(&*fields);
    if (time < 0 || fields->tm_mday != day) return std::nullopt;  // 31 February
    return static_cast<std::uint64_t>(time);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_clock(const std::string& text) {
  for (const char* format : {"%H:%M:%S", "%H:%M"}) {
    if (const auto fields = parse_fields(text, format)) {
      return static_cast<std::uint64_t>(fields->tm_hour * 3600 + fields->tm_min * 60 +
                                        fields->tm_sec);
    }
  }
  return std::nullopt;
}

std::uint64_t time_of_day(std::uint64_t time, std::uint64_t seconds_of_day) {
  const auto seconds = static_cast<std::time_t>(time / kSecond);
  std::tm fields{};
  ::localtime_r(&seconds, &fields);
  fields.tm_hour = static_cast<int>(seconds_of_day / 3600);
  fields.tm_min = static_cast<int>(seconds_of_day / 60 % 60);
  fields.tm_sec = static_cast<int>(seconds_of_day % 60);
  fields.tm_isdst = -1;
  return static_cast<std::uint64_t>(std::mktime(&fields)) * kSecond;
}

}  // namespace

TimeLimit TimeLimit::parse(const std::string& text) {
  std::string rest(trim(text));
  const bool is_relative = rest.starts_with('+');
  if (is_relative) rest.erase(0, 1);
  const bool is_utc = !is_relative && rest.ends_with('Z');
  if (is_utc) rest.pop_back();
  const auto parts = split_fraction(rest);
  constexpr std::uint64_t kMost = ~std::uint64_t{0} / kSecond - 1;
  if (parts) {
    const auto time = [&](std::uint64_t seconds) {
      return std::min(seconds, kMost) * kSecond + parts->nanoseconds;
    };
    const auto seconds = parse_number<std::uint64_t>(parts->whole);
    if (seconds && !is_utc) {
      return {is_relative ? Kind::after_first : Kind::absolute, time(*seconds)};
    }
    const auto date = is_relative ? std::nullopt : parse_date(parts->whole, is_utc);
    if (date) return {Kind::absolute, time(*date)};
    const auto clock = is_relative || is_utc ? std::nullopt : parse_clock(parts->whole);
    if (clock) return {Kind::of_day, time(*clock)};
  }
  throw UsageError("\"" + text + "\" is not a time",
                   "times are 2026-11-27 12:00:05.25, 12:00:05 (on the day of the first packet), "
                   "seconds since 1970, or +1.5 (seconds after the first packet)");
}

std::uint64_t TimeLimit::after(std::uint64_t first_packet) const {
  switch (kind_) {
    case Kind::after_first:
      return first_packet + std::min(time_, ~first_packet);
    case Kind::of_day:
      return time_of_day(first_packet, time_ / kSecond) + time_ % kSecond;
    case Kind::absolute:
      break;
  }
  return time_;
}

}  // namespace xdpcap
