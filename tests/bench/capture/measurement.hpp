// SPDX-License-Identifier: BSD-3-Clause
// The bench's measurements.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/capture/lab.hpp"
#include "bench/capture/tool.hpp"

namespace xdpcap::bench {

// OnDisk is what else a row of captures to a disk has.
struct OnDisk {
  std::uint64_t bytes = 0;          // of the finished files
  std::uint64_t bytes_in_time = 0;  // when the traffic ended
  std::uint64_t dirty = 0;          // not on the disk then, but in the page cache
  double seconds = 0;               // that the traffic took, with the set-up of runs
  double times_dirty = 0;           // `bytes` by what the page cache may keep dirty
  bool shortened = false;           // for lack of room on the disk
  std::string fault;                // of the file; empty: none

  // Bytes written a second while there was traffic.
  [[nodiscard]] double rate() const {
    return seconds > 0 ? static_cast<double>(bytes_in_time) / seconds : 0;
  }
};

// Row is one capture of traffic at one rate.
class Row {
 public:
  std::string tool;
  Path path = Path::veth;
  std::uint32_t size = 0;
  Sink sink = Sink::memory;
  double wanted_rate = 0;  // 0: as fast as possible
  Traffic traffic{};
  Outcome outcome{};
  CpuTime cpu{};          // of the tool, for all the packets
  double share_left = 0;  // of the rate that the traffic has without a capture
  std::optional<OnDisk> disk = std::nullopt;

  // In ns a received packet.
  [[nodiscard]] double user_ns() const { return per_packet(cpu.user()); }
  [[nodiscard]] double system_ns() const { return per_packet(cpu.system()); }
  // Packets that were received, but are not in the capture.
  [[nodiscard]] std::optional<std::int64_t> lost() const;
  // What the tool would have written in a second to a disk if nothing had been lost.
  [[nodiscard]] double offered_bytes() const;

 private:
  [[nodiscard]] double per_packet(double seconds) const {
    return traffic.received == 0 ? 0 : seconds * 1e9 / static_cast<double>(traffic.received);
  }
};

// Cost is what one more program in the hook adds to a packet, in ns.
struct Cost {
  std::string tool;
  std::string what;
  double nanoseconds = 0;
};

struct Startup {
  std::string tool;
  double seconds = 0;
};

struct Results {
  std::vector<Row> rows;
  std::vector<Cost> costs;
  std::vector<Startup> startups;
};

struct Plan {
  std::vector<Tool> tools;  // each row is measured with one after the other
  std::vector<Path> paths;
  std::vector<std::uint32_t> sizes;
  std::vector<Sink> sinks;
  std::vector<double> rates;  // packets a second, 0: as fast as possible; empty: the usual ones
  double seconds = 0.4;       // of traffic for a row; 0, to a disk: as long as is useful
  std::uint32_t generator_cpu = 0;
  bool costs = true;
};

// The parameters that the rows of a series share.
struct Setting {
  Path path;
  std::uint32_t size;
  Sink sink;
};

class Measurement {
 public:
  Measurement(const Plan& plan, Lab& lab, const WarmFile& warm)
      : plan_(plan), lab_(lab), warm_(warm) {}

  // Calls `on_row` for each finished row. Throws Error.
  Results run(const std::function<void(const Row&)>& on_row);

 private:
  Row measure(const Tool& tool, const Setting& setting, double rate);
  Row best_of_several(const Tool& tool, const Setting& setting, double rate);
  [[nodiscard]] std::uint64_t packets(const Setting& setting, double rate) const;
  void measure_series(const Setting& setting, Results& results,
                      const std::function<void(const Row&)>& on_row);
  void measure_costs(Results& results) const;
  [[nodiscard]] double filter_cost(const Tool& tool, const std::string& filter) const;
  [[nodiscard]] double match_cost(const Tool& tool) const;
  [[nodiscard]] double startup(const Tool& tool) const;

  const Plan& plan_;
  Lab& lab_;
  const WarmFile& warm_;
};

}  // namespace xdpcap::bench
