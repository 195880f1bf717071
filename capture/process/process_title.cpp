// SPDX-License-Identifier: BSD-3-Clause
#include "process/process_title.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <vector>

namespace xdpcap {
namespace {

// The command line, followed by the environment, where exec() put them: /proc/<pid>/cmdline shows
// this memory.
struct Strings {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};

// /proc/self/stat (proc(5)): fields 48 and 51 are arg_start and env_end. Before the last ")" are
// the pid and a name, which may contain any character.
Strings find_strings() {
  constexpr int kFirstField = 3;
  constexpr int kArgStart = 48;
  constexpr int kEnvEnd = 51;
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream fields(line.substr(name_end + 1));
  Strings strings;
  std::string field;
  for (int number = kFirstField; number <= kEnvEnd && fields >> field; ++number) {
    if (number == kArgStart) strings.begin = std::stoull(field);
    if (number == kEnvEnd) strings.end = std::stoull(field);
  }
  return strings;
}

// Copies the environment elsewhere, for getenv() and for programs that are started later.
void move_environment() {
  static std::vector<std::string> strings;
  static std::vector<char*> pointers;
  if (environ == nullptr || !strings.empty()) return;
  for (char* const* variable = environ; *variable != nullptr; ++variable)
    strings.emplace_back(*variable);
  for (std::string& string : strings) pointers.push_back(string.data());
  pointers.push_back(nullptr);
  environ = pointers.data();
}

}  // namespace

void set_process_title(const std::string& title, const std::string& name) {
  ::prctl(PR_SET_NAME, name.c_str());
  const Strings strings = find_strings();
  if (strings.begin == 0 || strings.end <= strings.begin) return;
  move_environment();
  auto* room = reinterpret_cast<char*>(strings.begin);  // NOLINT(performance-no-int-to-ptr)
  const std::size_t size = strings.end - strings.begin;
  const std::string text = title.substr(0, size - 1);
  std::fill(std::copy(text.begin(), text.end(), room), room + size, '\0');
}

}  // namespace xdpcap
