// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/measurement.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <thread>
#include <utility>

#include "bench/capture/stop.hpp"

namespace xdpcap::bench {
namespace {

constexpr double kFlatOut = 0;

std::vector<double> rates(std::uint32_t size) {
  constexpr double kM = 1e6;
  if (size <= 128)
    return {0.05 * kM, 0.2 * kM, kM,     2 * kM, 3 * kM,  4 * kM,
            5 * kM,    6 * kM,   7 * kM, 8 * kM, kFlatOut};
  if (size <= 1024) {
    return {0.05 * kM, 0.2 * kM, 0.5 * kM, kM, 2 * kM, 3 * kM, 4 * kM, 5 * kM, kFlatOut};
  }
  return {0.017 * kM, 0.05 * kM, 0.2 * kM, 0.5 * kM, kM,     1.25 * kM,
          1.5 * kM,   2 * kM,    2.5 * kM, 3 * kM,   5 * kM, kFlatOut};
}

// A tool that reads an interface may get its last packets a second later: tcpdump does.
void settle(const Tool& tool) {
  std::this_thread::sleep_for(
      std::chrono::milliseconds(tool.receiver == Receiver::hooked ? 40 : 1200));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.at(values.size() / 2);
}

// The median difference between `with` and `without`, measured one right after the other, so that
// changes of the machine's speed cancel out.
double median_difference(int runs, const std::function<double()>& with,
                         const std::function<double()>& without) {
  std::vector<double> differences;
  for (int i = 0; i < runs; ++i) {
    throw_if_stopped();
    const double base = without();
    differences.push_back(with() - base);
  }
  return median(differences);
}

}  // namespace

std::optional<std::int64_t> Row::lost() const {
  if (!outcome.captured) return std::nullopt;
  return static_cast<std::int64_t>(traffic.received) - static_cast<std::int64_t>(*outcome.captured);
}

double Row::offered_bytes() const {
  if (!disk || disk->seconds == 0) return 0;
  const double per_packet =
      outcome.captured.value_or(0) == 0
          ? size
          : static_cast<double>(disk->bytes) / static_cast<double>(*outcome.captured);
  return per_packet * static_cast<double>(traffic.received) / disk->seconds;
}

Results Measurement::run(const std::function<void(const Row&)>& on_row) {
  Results results;
  for (const Path path : plan_.paths) {
    for (const std::uint32_t size : plan_.sizes) {
      for (const Sink sink : plan_.sinks) measure_series({path, size, sink}, results, on_row);
    }
  }
  if (plan_.costs) measure_costs(results);
  return results;
}

void Measurement::measure_series(const Setting& setting, Results& results,
                                 const std::function<void(const Row&)>& on_row) {
  for (const double rate : plan_.rates.empty() ? rates(setting.size) : plan_.rates) {
    for (const Tool& tool : plan_.tools) {
      if (tool.only_size != 0 && tool.only_size != setting.size) continue;
      // On the direct path there is no interface to read.
      if (tool.receiver != Receiver::hooked && setting.path == Path::direct) continue;
      results.rows.push_back(best_of_several(tool, setting, rate));
      on_row(results.rows.back());
    }
  }
}

// Other work on the machine can only increase a loss: a row with losses is measured again, and the
// one that lost least counts.
Row Measurement::best_of_several(const Tool& tool, const Setting& setting, double rate) {
  constexpr int kTries = 3;
  Row best = measure(tool, setting, rate);
  for (int i = 1; i < kTries && rate != kFlatOut && best.lost().value_or(0) > 0; ++i) {
    Row next = measure(tool, setting, rate);
    if (next.lost().value_or(0) < best.lost().value_or(0)) best = std::move(next);
  }
  return best;
}

Row Measurement::measure(const Tool& tool, const Setting& setting, double rate) {
  throw_if_stopped();
  const auto [path, size, sink] = setting;
  Row row{.tool = tool.name, .path = path, .size = size, .sink = sink, .wanted_rate = rate};
  lab_.set_receiver(tool.receiver);
  const std::uint64_t count = packets(setting, rate);
  const double rate_alone = rate == kFlatOut ? lab_.send(path, size, rate, count).rate() : rate;
  {
    RunningTool running(tool, lab_, sink, warm_, plan_.generator_cpu);
    const CpuTime before = running.cpu_time();
    row.traffic = lab_.send(path, size, rate, count);
    settle(tool);
    row.cpu = running.cpu_time() - before;
    row.outcome = running.stop();
  }
  row.share_left = row.traffic.rate() / rate_alone;
  return row;
}

// As many as are sent in plan.seconds, but no more than fit into the warm file.
std::uint64_t Measurement::packets(const Setting& setting, double rate) const {
  constexpr double kFlatOutAtMost = 12e6;
  constexpr std::size_t kOverhead = 128;  // of a packet in a capture file
  constexpr double kLeast = 2000;
  const double wanted =
      std::max((rate == kFlatOut ? kFlatOutAtMost : rate) * plan_.seconds, kLeast);
  if (setting.sink != Sink::memory) return static_cast<std::uint64_t>(wanted);
  const double room =
      static_cast<double>(warm_.size()) / static_cast<double>(setting.size + kOverhead);
  return static_cast<std::uint64_t>(std::min(wanted, room));
}

namespace {

constexpr std::uint32_t kCostSize = 64;
constexpr std::uint32_t kRepeat = 1'000'000;

double idle_cost() {
  constexpr int kLoads = 15;
  std::vector<double> loads;
  for (int load = 0; load < kLoads; ++load) {
    throw_if_stopped();
    loads.push_back(idle_hook_cost(kCostSize, kRepeat));
  }
  return median(loads);
}

}  // namespace

void Measurement::measure_costs(Results& results) const {
  lab_.set_receiver(Receiver::hooked);
  const double idle = idle_cost();
  results.costs.push_back({"(none)", "idle hook", idle});
  for (const Tool& tool : plan_.tools) {
    if (tool.receiver != Receiver::hooked || tool.only_size != 0) continue;
    for (const char* filter : {"tcp port 80", "host 10.9.9.9 and tcp port 443", "icmp"}) {
      results.costs.push_back(
          {tool.name, std::string("no match: ") + filter, filter_cost(tool, filter) - idle});
    }
    results.costs.push_back({tool.name, "match: every packet", match_cost(tool) - idle});
    results.startups.push_back({tool.name, startup(tool)});
  }
}

// The median of several starts, because each has its recorder's code at another address.
double Measurement::filter_cost(const Tool& tool, const std::string& filter) const {
  constexpr int kStarts = 7;
  constexpr int kRuns = 5;
  std::vector<double> starts;
  for (int start = 0; start < kStarts; ++start) {
    const RunningTool running(tool, lab_, Sink::null, warm_, plan_.generator_cpu,
                              " '" + filter + "'");
    starts.push_back(median_difference(
        kRuns, [this] { return lab_.program_cost(true, kCostSize, kRepeat); },
        [this] { return lab_.program_cost(false, kCostSize, kRepeat); }));
  }
  return median(starts);
}

// In bursts that fit into every ring, or the cost of losing packets would be measured. The first
// run after a pause only warms up the caches.
double Measurement::match_cost(const Tool& tool) const {
  constexpr std::uint32_t kBurst = 4000;
  constexpr int kBursts = 101;
  const RunningTool running(tool, lab_, Sink::null, warm_, plan_.generator_cpu);
  return median_difference(
      kBursts, [this] { return lab_.program_cost(true, kCostSize, kBurst); },
      [this] {
        std::this_thread::sleep_for(std::chrono::milliseconds(8));
        static_cast<void>(lab_.program_cost(false, kCostSize, kBurst));
        return lab_.program_cost(false, kCostSize, kBurst);
      });
}

double Measurement::startup(const Tool& tool) const {
  constexpr int kStarts = 7;
  std::vector<double> seconds;
  for (int i = 0; i < kStarts; ++i) {
    throw_if_stopped();
    seconds.push_back(RunningTool(tool, lab_, Sink::null, warm_, plan_.generator_cpu).startup());
  }
  return median(seconds);
}

}  // namespace xdpcap::bench
