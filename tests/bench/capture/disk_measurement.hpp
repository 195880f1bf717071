// SPDX-License-Identifier: BSD-3-Clause
// Measures captures to a disk.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "bench/capture/disk.hpp"
#include "bench/capture/disk_limits.hpp"
#include "bench/capture/measurement.hpp"

namespace xdpcap::bench {

class DiskMeasurement {
 public:
  DiskMeasurement(const Plan& plan, Lab& lab, const DiskFolder& folder, const DiskLimits& limits)
      : plan_(plan), lab_(lab), folder_(folder), limits_(limits) {}

  // Appends each row to `results` once it is finished, and calls `on_row`. Throws Error.
  void run(Results& results, const std::function<void(const Row&)>& on_row);

 private:
  // The traffic of a row.
  struct Load {
    double rate = 0;   // 0: as fast as possible
    double alone = 0;  // what it is without a capture
    double seconds = 0;
    std::uint64_t packets = 0;
    bool shortened = false;  // for lack of room
  };

  void measure_series(Path path, std::uint32_t size, Results& results,
                      const std::function<void(const Row&)>& on_row);
  Row measure(const Tool& tool, Path path, std::uint32_t size, double rate);
  [[nodiscard]] Load load(Path path, std::uint32_t size, double rate) const;
  void settle() const;
  void count(Row& row) const;
  [[nodiscard]] std::vector<double> rates(Path path, std::uint32_t size) const;

  const Plan& plan_;
  Lab& lab_;
  const DiskFolder& folder_;
  const DiskLimits& limits_;
};

}  // namespace xdpcap::bench
