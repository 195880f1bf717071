// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "chaos/failure.hpp"

namespace xdpcap::chaos {

// Log is the steps of a round, with their times.
class Log {
 public:
  void add(std::string what, Time time = now()) { steps_.push_back({time, std::move(what)}); }
  [[nodiscard]] const std::string& last() const { return steps_.back().what; }

  // In the order of time, each with the seconds since the first.
  [[nodiscard]] std::vector<std::string> lines() {
    std::stable_sort(steps_.begin(), steps_.end(),
                     [](const Step& a, const Step& b) { return a.time < b.time; });
    std::vector<std::string> lines;
    for (const Step& step : steps_) lines.push_back(since_first(step.time) + "  " + step.what);
    return lines;
  }

 private:
  struct Step {
    Time time = 0;
    std::string what;
  };

  [[nodiscard]] std::string since_first(Time time) const {
    char text[32];
    std::snprintf(text, sizeof(text), "%8.3f",
                  static_cast<double>(time - steps_.front().time) / static_cast<double>(kSecond));
    return text;
  }

  std::vector<Step> steps_;
};

}  // namespace xdpcap::chaos
