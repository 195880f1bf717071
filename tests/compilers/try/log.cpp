// SPDX-License-Identifier: BSD-3-Clause
#include "compilers/try/log.hpp"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <sstream>
#include <vector>

namespace xdpcap {
namespace {

std::string& log_text() {
  static std::string text;
  return text;
}

int append(libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, format, again);
  va_end(again);
  std::string line(static_cast<std::size_t>(size) + 1, '\0');
  std::vsnprintf(line.data(), line.size(), format, arguments);
  line.pop_back();
  log_text() += line;
  return 0;
}

// Instructions and lines of source, between which the verifier says what it is about.
bool is_code(const std::string& line) {
  return line.empty() || line[0] == ';' || (line[0] >= '0' && line[0] <= '9');
}

// The last two lines, of which the one before often has the numbers.
std::string last_of(const std::vector<std::string>& lines) {
  if (lines.empty()) return {};
  return lines.size() == 1 ? lines[0] : lines[lines.size() - 2] + "; " + lines.back();
}

}  // namespace

void keep_log() {
  libbpf_set_print(append);
}
void clear_log() {
  log_text().clear();
}

std::string reason_in_log() {
  std::istringstream text(log_text());
  std::vector<std::string> said;
  std::string line;
  while (std::getline(text, line)) {
    if (line.starts_with("processed ")) break;  // the verifier's statistics, its last words
    if (is_code(line)) {
      said.clear();
    } else {
      said.push_back(line);
    }
  }
  return last_of(said);
}

}  // namespace xdpcap
