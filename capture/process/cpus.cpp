// SPDX-License-Identifier: BSD-3-Clause
#include "process/cpus.hpp"

#include <fstream>
#include <string>

#include "base/error.hpp"
#include "base/text.hpp"

namespace xdpcap {
namespace {

std::vector<std::uint32_t> read_list(const char* path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) throw Error(std::string("reading ") + path + ": nothing there");
  return parse_cpu_list(line);
}

}  // namespace

std::vector<std::uint32_t> parse_cpu_list(std::string_view text) {
  std::vector<std::uint32_t> cpus;
  for (const std::string_view range : split(trim(text), ',')) {
    const auto dash = range.find('-');
    const auto first = parse_number<std::uint32_t>(range.substr(0, dash));
    const auto last = dash == std::string_view::npos
                          ? first
                          : parse_number<std::uint32_t>(range.substr(dash + 1));
    if (!first || !last || *first > *last) {
      throw Error("reading a list of CPUs: \"" + std::string(text) + "\" is none");
    }
    for (std::uint32_t cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

Cpus read_cpus() {
  // The numbers can have gaps. Tables are indexed by number, so their size is the highest one + 1.
  return {.possible = read_list("/sys/devices/system/cpu/possible").back() + 1,
          .online = read_list("/sys/devices/system/cpu/online")};
}

}  // namespace xdpcap
