// SPDX-License-Identifier: BSD-3-Clause
#include "loader/counter_line.hpp"

#include <cstdint>
#include <cstdio>
#include <utility>

#include "base/text.hpp"
#include "loader/percpu.hpp"

namespace xdpcap::loader {

CounterLine::CounterLine(const bpf_map* counters, std::vector<std::string> names)
    : counters_(counters), names_(std::move(names)), printed_(line()) {}

std::string CounterLine::line() const {
  std::vector<std::string> parts;
  for (std::uint32_t index = 0; index < names_.size(); ++index) {
    parts.push_back(names_[index] + " " + std::to_string(sum_over_cpus(counters_, index)));
  }
  return join(parts, ", ");
}

void CounterLine::print_if_changed() {
  std::string now = line();
  if (now == printed_) return;
  std::puts(now.c_str());
  printed_ = std::move(now);
}

}  // namespace xdpcap::loader
