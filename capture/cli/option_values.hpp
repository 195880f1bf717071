// SPDX-License-Identifier: BSD-3-Clause
// Options that take a value, and how the values are read. Parsers throw UsageError, in words that
// fit after the option's name: "-c: invalid packet count "5x"".
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "recorder/recorder.hpp"

namespace xdpcap {

// Declares an option whose value `parse` turns into `variable`. Help, manual and completion call
// the value `placeholder`.
template <class Value, class Parse>
CLI::Option* add_value(CLI::App& app, const std::string& names, const char* placeholder,
                       Value& variable, Parse parse, const char* description) {
  const auto take = [&variable, parse,
                     name = names.substr(0, names.find(','))](const std::string& text) {
    with_context(name, [&] { variable = parse(text); });
  };
  return app.add_option_function<std::string>(names, take, description)->option_text(placeholder);
}

// The value as it was typed: one, or each of several.
template <class Text>
CLI::Option* add_text(CLI::App& app, const std::string& names, const char* placeholder,
                      Text& variable, const char* description) {
  return app.add_option(names, variable, description)->option_text(placeholder);
}

// Bytes: "64K" and "64KiB" are 65536, in any case; `default_unit` is for numbers without a unit.
// Not CLI::AsSizeValue, which takes "010" for eight.
std::uint64_t parse_size(std::string_view text, std::uint64_t default_unit);
inline std::uint64_t parse_bytes(std::string_view text) {
  return parse_size(text, 1);
}

std::uint64_t parse_packets(std::string_view text);
std::uint32_t parse_files(std::string_view text);
std::uint64_t parse_seconds(std::string_view text);  // ns
std::uint32_t parse_snaplen(std::string_view text);  // 0 is kMaxSnaplen, as in tcpdump
std::uint32_t parse_sample(std::string_view text);   // 1 to kMostSample
std::uint32_t parse_rate(std::string_view text);     // 1 to kMostRate
// "0-3,5".
std::vector<Range> parse_ranges(std::string_view text);
// Names or indexes of interfaces, separated by commas. Names are those of this network namespace.
std::vector<Range> parse_interfaces(std::string_view text);

}  // namespace xdpcap
