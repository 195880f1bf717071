// SPDX-License-Identifier: BSD-3-Clause
#include "print/print_time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

#include "base/text.hpp"

namespace xdpcap {
namespace {

constexpr std::uint64_t kPerSecond = 1'000'000;

std::string fraction(std::uint64_t microseconds) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), ".%06u",
                static_cast<unsigned>(microseconds % kPerSecond));
  return text.data();
}

std::string clock(std::uint64_t microseconds, std::tm* (*convert)(const std::time_t*, std::tm*),
                  const char* format) {
  const auto seconds = static_cast<std::time_t>(microseconds / kPerSecond);
  std::tm fields{};
  if (convert(&seconds, &fields) == nullptr) return "[no time]";
  std::array<char, 64> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), format, &fields);
  return std::string(text.data(), length) + fraction(microseconds);
}

}  // namespace

std::string TimeText::of(std::uint64_t time) {
  const std::uint64_t microseconds = time / 1000;
  switch (format_) {
    case PrintTime::none:
      return {};
    case PrintTime::epoch:
      return std::to_string(microseconds / kPerSecond) + fraction(microseconds) + ' ';
    case PrintTime::since_previous:
    case PrintTime::since_first:
      return difference(microseconds);
    case PrintTime::date:
      return clock(microseconds, ::localtime_r, "%Y-%m-%d %H:%M:%S") + ' ';
    case PrintTime::clock:
      break;
  }
  return clock(microseconds, ::localtime_r, "%H:%M:%S") + ' ';
}

std::string TimeText::difference(std::uint64_t microseconds) {
  const std::uint64_t reference = reference_.value_or(microseconds);
  if (!reference_ || format_ == PrintTime::since_previous) reference_ = microseconds;
  const bool negative = microseconds < reference;
  const std::uint64_t distance = negative ? reference - microseconds : microseconds - reference;
  return (negative ? "-" : " ") + clock(distance, ::gmtime_r, "%H:%M:%S") + ' ';
}

}  // namespace xdpcap
