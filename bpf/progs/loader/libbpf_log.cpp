// SPDX-License-Identifier: BSD-3-Clause
#include "loader/libbpf_log.hpp"

#include <bpf/libbpf.h>

#include <array>
#include <cctype>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "base/text.hpp"

namespace xdpcap::loader {
namespace {

constexpr std::string_view kLogBegins = "-- BEGIN PROG LOAD LOG --";
constexpr std::string_view kLogEnds = "-- END PROG LOAD LOG --";

// Process-wide, because libbpf's print callback is, and has no context argument.
std::string& kept() {
  static std::string messages;
  return messages;
}

std::string format(const char* text, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, text, again);
  va_end(again);
  if (length <= 0) return {};
  std::string message(static_cast<std::size_t>(length), '\0');
  std::vsnprintf(message.data(), message.size() + 1, text, arguments);
  return message;
}

int keep(libbpf_print_level level, const char* text, va_list arguments) {
  if (level == LIBBPF_WARN) kept() += format(text, arguments);
  return 0;
}

int print(libbpf_print_level level, const char* text, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = std::vfprintf(stderr, text, again);
  va_end(again);
  keep(level, text, arguments);
  return length;
}

// Whether a line of the verifier's log is an instruction ("12: (69) ..."), source ("; ...") or a
// path ("from 3 to 5: ..."), not an error.
bool describes_program(std::string_view line) {
  return line.starts_with(';') || line.starts_with("from ") ||
         (!line.empty() && std::isdigit(static_cast<unsigned char>(line.front())) != 0);
}

// The error is the last line or the last two: what the program did, and why that is refused.
std::string error_in_log(std::string_view log) {
  std::string before;
  std::string last;
  for (std::string_view line : split(log, '\n')) {
    line = trim(line);
    if (line.starts_with("processed ")) break;
    if (line.empty()) continue;
    before = std::exchange(last, std::string(line));
  }
  return before.empty() || describes_program(before) ? last : before + "; " + last;
}

}  // namespace

void take_libbpf_log(bool verbose) {
  libbpf_set_print(verbose ? print : keep);
}

std::string libbpf_reason() {
  return reason_in(kept());
}

std::string reason_in(std::string_view messages) {
  if (const auto begin = messages.find(kLogBegins); begin != std::string_view::npos) {
    const std::string_view log = messages.substr(begin + kLogBegins.size());
    return error_in_log(log.substr(0, log.find(kLogEnds)));
  }
  const auto lines = split(messages, '\n');
  std::string_view first = lines.front();
  // Since Linux 5.11 this is not the reason; the real error comes after it.
  const bool about_limit = first.find("RLIMIT_MEMLOCK") != std::string_view::npos;
  if (about_limit && lines.size() > 1 && !lines[1].empty()) first = lines[1];
  constexpr std::string_view kPrefix = "libbpf: ";
  if (first.starts_with(kPrefix)) first.remove_prefix(kPrefix.size());
  return std::string(trim(first));
}

}  // namespace xdpcap::loader
