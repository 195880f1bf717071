// SPDX-License-Identifier: BSD-3-Clause
// The few string functions that several layers need.
#pragma once

#include <charconv>
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
