// SPDX-License-Identifier: BSD-3-Clause
#include "bench/capture/disk_measurement.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "bench/capture/disk_count.hpp"
#include "bench/capture/stop.hpp"

namespace xdpcap::bench {
namespace {

using std::chrono::steady_clock;

constexpr double kFlatOut = 0;

// What a packet takes in xdpcap-cpp's file: header, options, and padding of the packet.
double file_bytes(std::uint32_t size) {
  constexpr std::uint32_t kBlock = 64;
  return ((size + 3) & ~3U) + kBlock;
}

double seconds_since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

std::uint64_t difference(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

}  // namespace

void DiskMeasurement::run(Results& results, const std::function<void(const Row&)>& on_row) {
  for (const Path path : plan_.paths) {
    for (const std::uint32_t size : plan_.sizes) measure_series(path, size, results, on_row);
  }
}

std::vector<double> DiskMeasurement::rates(Path path, std::uint32_t size) const {
  if (!plan_.rates.empty()) return plan_.rates;
  constexpr double kM = 1e6;
  constexpr double kShareOfLimit = 0.8;
  // Through the veth pair, 5 M are as fast as possible.
  if (size <= 128 && path == Path::veth) return {kM, 3 * kM, kFlatOut};
  if (size <= 128) return {kM, 3 * kM, 5 * kM, kFlatOut};
  if (size <= 1024) return {0.5 * kM, kM, 2 * kM, kFlatOut};
  std::vector<double> rates = {0.15 * kM, 0.3 * kM, 0.6 * kM, kM,
                               kShareOfLimit * limits_.direct / file_bytes(size)};
  std::sort(rates.begin(), rates.end());
  return rates;
}

// A tool that loses much at one rate is not measured at higher ones.
void DiskMeasurement::measure_series(Path path, std::uint32_t size, Results& results,
                                     const std::function<void(const Row&)>& on_row) {
  constexpr double kMuch = 0.25;
  std::set<std::string> done;
  for (const double rate : rates(path, size)) {
    for (const Tool& tool : plan_.tools) {
      if (tool.receiver != Receiver::hooked && path == Path::direct) continue;
      if (done.contains(tool.name)) continue;
      results.rows.push_back(measure(tool, path, size, rate));
      const Row& row = results.rows.back();
      on_row(row);
      if (static_cast<double>(row.lost().value_or(0)) >
          kMuch * static_cast<double>(row.traffic.received)) {
        done.insert(tool.name);
      }
    }
  }
}

// Long enough that the page cache cannot hide what the disk does not take, if it does not; but no
// longer than there is room for.
DiskMeasurement::Load DiskMeasurement::load(Path path, std::uint32_t size, double rate) const {
  constexpr std::uint64_t kProbe = 2'000'000;
  constexpr double kUsualSeconds = 30;
  constexpr double kTimesDirty = 3;
  constexpr double kSmallestHeader = 16;  // of a packet in a file (pcap)
  constexpr double kLargestHeader = 128;
  Load load{.rate = rate, .alone = rate, .seconds = plan_.seconds};
  if (rate == kFlatOut) load.alone = lab_.send(path, size, rate, kProbe).rate();
  if (load.seconds == 0) {
    load.seconds = kUsualSeconds;
    const double bytes = load.alone * (size + kSmallestHeader);
    if (bytes > limits_.buffered) {
      const double enough = kTimesDirty * static_cast<double>(limits_.dirty.most) / bytes;
      load.seconds = std::max(load.seconds, enough);
    }
  }
  const double wanted = load.alone * load.seconds;
  const double room = static_cast<double>(folder_.room()) / (size + kLargestHeader);
  load.shortened = room < wanted;
  load.packets = static_cast<std::uint64_t>(std::min(wanted, room));
  return load;
}

Row DiskMeasurement::measure(const Tool& tool, Path path, std::uint32_t size, double rate) {
  throw_if_stopped();
  Row row{.tool = tool.name, .path = path, .size = size, .sink = Sink::disk, .wanted_rate = rate};
  lab_.set_receiver(tool.receiver);
  const Load load = this->load(path, size, rate);
  row.disk.emplace();
  Tool on_disk = tool;
  on_disk.command = fill_in(tool.command, "{file}", folder_.capture());
  {
    const WarmFile unused(0);
    RunningTool running(on_disk, lab_, Sink::disk, unused, plan_.generator_cpu);
    const std::uint64_t dirty_before = dirty_bytes();
    const std::uint64_t bytes_before = folder_.bytes();
    const CpuTime cpu_before = running.tree_cpu_time();
    const auto begin = steady_clock::now();
    row.traffic = lab_.send(path, size, rate, load.packets, load.seconds);
    row.disk->seconds = seconds_since(begin);
    // Slow traffic may have ended before there was no room.
    row.disk->shortened = load.shortened && row.traffic.sent >= load.packets;
    row.disk->bytes_in_time = difference(folder_.bytes(), bytes_before);
    row.disk->dirty = difference(dirty_bytes(), dirty_before);
    settle();
    row.cpu = running.tree_cpu_time() - cpu_before;
    row.outcome = running.stop();
  }
  count(row);
  row.disk->times_dirty =
      static_cast<double>(row.disk->bytes) / static_cast<double>(limits_.dirty.most);
  row.share_left = row.traffic.rate() / load.alone;
  return row;
}

// Until everything is written that was captured. A tool that reads an interface may get its last
// packets a second later.
void DiskMeasurement::settle() const {
  constexpr auto kLeast = std::chrono::milliseconds(1200);
  constexpr auto kQuiet = std::chrono::milliseconds(500);
  constexpr double kMostSeconds = 20;
  std::this_thread::sleep_for(kLeast);
  const auto begin = steady_clock::now();
  for (std::uint64_t bytes = folder_.bytes(), last = bytes + 1;
       bytes != last && seconds_since(begin) < kMostSeconds && !stopped();) {
    last = bytes;
    std::this_thread::sleep_for(kQuiet);
    bytes = folder_.bytes();
  }
}

void DiskMeasurement::count(Row& row) const {
  throw_if_stopped();
  const DiskCount count = count_on_disk(folder_.capture());
  row.outcome.captured = count.packets;
  row.outcome.sorted = count.sorted;
  row.disk->fault = count.fault;
  row.disk->bytes = folder_.bytes();
  folder_.clear();
}

}  // namespace xdpcap::bench
