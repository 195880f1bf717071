// SPDX-License-Identifier: BSD-3-Clause
#include "fate/libbpf_log.hpp"

#include <array>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <string_view>
#include <vector>

#include "base/text.hpp"

namespace xdpcap {
namespace {

std::string& words() {
  static std::string text;
  return text;
}

int keep(libbpf_print_level level, const char* format, std::va_list arguments) {
  if (level != LIBBPF_WARN) return 0;
  std::array<char, 16384> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  words() += line.data();
  return length;
}

}  // namespace

LibbpfLog::LibbpfLog() : before_(libbpf_set_print(keep)) {
  words().clear();
}

LibbpfLog::~LibbpfLog() {
  libbpf_set_print(before_);
}

// A verifier's log ends with its error and a line of statistics.
std::string LibbpfLog::error() {
  const std::vector<std::string_view> lines = split(words(), '\n');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    if (lines[i].starts_with("processed ")) return std::string(trim(lines[i - 1]));
  }
  return std::string(trim(lines.front()));
}

}  // namespace xdpcap
