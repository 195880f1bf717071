// SPDX-License-Identifier: BSD-3-Clause
// A file with the counts of a capture, for Prometheus: node_exporter reads all files of a folder
// whose names end in ".prom".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "metrics/metrics_text.hpp"
#include "output/file_location.hpp"
#include "session/renderer.hpp"

namespace xdpcap {

// MetricsFile replaces the file every five seconds, in a thread of its own: a slow disk delays
// nothing else. The file is complete at any time, as it is renamed when it is written. At the end,
// also if the capture is killed, it has the last counts and stays, with xdpcap_up 0.
class MetricsFile final : public Renderer {
 public:
  static constexpr std::uint64_t kEvery = 5'000'000'000;

  // Checks that the file can be written. `every`: ns between two writes. Throws Error, UsageError
  // if its name does not end in ".prom".
  MetricsFile(const std::string& path, std::string filter, std::uint64_t every = kEvery);
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;
  MetricsFile(MetricsFile&&) = delete;
  MetricsFile& operator=(MetricsFile&&) = delete;
  ~MetricsFile() override;

  std::vector<std::string> show(const Report& report) override;
  std::vector<std::string> finish(const Report& report) override;
  void abandon(const Report& report) override;
  [[nodiscard]] std::vector<int> descriptors() const override { return {location_.folder_fd()}; }

 private:
  struct Writer;
  struct Shared;

  void start();
  void stop();

  FileLocation location_;
  FileLocation temporary_;
  std::string capture_;
  std::string filter_;
  std::uint64_t every_;
  std::uint64_t next_ = 0;          // CLOCK_MONOTONIC in ns
  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive this if a write hangs
  std::thread thread_;
};

}  // namespace xdpcap
