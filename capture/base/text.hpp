// SPDX-License-Identifier: BSD-3-Clause
// String functions that several layers need.
#pragma once

#include <charconv>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xdpcap {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);

// Every field, empty ones included: "a,,b" is three, "" is one.
std::vector<std::string_view> split(std::string_view text, char separator);

std::string join(const std::vector<std::string>& words, std::string_view separator);

// `text` with a '?' for each unprintable character: names from other users may contain terminal
// escapes.
std::string printable(std::string text);

// "1 packet", "2 packets".
std::string counted(std::uint64_t count, const std::string& noun);

// "1.5 s", "60 s".
std::string with_unit(double number, const char* unit);

// "4.0 KiB", "32 MiB".
std::string size_text(std::uint64_t bytes);

// `time` in local time, formatted by strftime(3); `format` itself if the result is empty or too
// long.
std::string local_time(const std::string& format, std::time_t time);

// The whole of `text` as a decimal number, or nothing: no sign for unsigned types, no spaces,
// no overflow.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [parsed_to, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || parsed_to != end) return std::nullopt;
  return value;
}

}  // namespace xdpcap
