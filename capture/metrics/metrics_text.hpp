// SPDX-License-Identifier: BSD-3-Clause
// The counts of a capture in Prometheus's text format, version 0.0.4.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "session/reporter.hpp"

namespace xdpcap {

// So many of the programs' reasons have counts of their own; the others have one sum. What a
// program has with a reason, such as the number of a rule, is not told apart.
inline constexpr std::uint32_t kMostReasonsInMetrics = 200;

class MetricsText {
 public:
  // `capture`: the value of that label, which tells the captures of a host apart.
  MetricsText(const std::string& capture, std::string filter);

  // All metrics. `is_running`: false for the last time. Counters never become less.
  std::string of(const Report& report, bool is_running);

 private:
  using Labels = std::string;  // R"(capture="web",source="eth0")"
  using Values = std::map<Labels, std::uint64_t>;
  struct Metric {
    const char* name;
    const char* help;
  };

  void add_about(const Report& report, bool is_running);
  void add_packets(const Report& report, bool is_running);
  void add_reasons(const Report& report);
  void add_fates(const Report& report);
  void counter(const Metric& metric, const Values& values);
  void gauge(const Metric& metric, const Labels& labels, const std::string& value);
  [[nodiscard]] Labels labels(const Report& report, const CaptureInterface& interface) const;

  Labels capture_;
  std::string filter_;
  std::map<std::string, std::uint64_t> last_;  // by metric and labels
  std::string text_;
};

}  // namespace xdpcap
