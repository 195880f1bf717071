// SPDX-License-Identifier: BSD-3-Clause
// One capture, from the open hook to the completed file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/attachment.hpp"
#include "app/capture_files.hpp"
#include "app/journal.hpp"
#include "app/options.hpp"
#include "app/reporter.hpp"
#include "app/sleeper.hpp"
#include "app/statistics.hpp"
#include "fate/fates.hpp"
#include "kernel/control.hpp"
#include "kernel/hook.hpp"
#include "kernel/rings.hpp"
#include "output/capture_file.hpp"
#include "output/clock.hpp"
#include "output/time_merge.hpp"

namespace xdpcap {

class Session {
 public:
  // Opens the hook and the output and makes the rings; neither hook nor file has changed yet.
  // `stop_fd` becomes readable when the capture is to end. Throws Error.
  Session(const Options& options, int stop_fd);

  // Captures until stopped. Throws Error.
  void run();

 private:
  void trace_fates();
  void install();
  void capture();
  void finish();
  void finish_file();
  // In the guardian, once this process was killed and the hook is clean: goes on exactly where it
  // stopped, and completes the file.
  void rescue();
  [[nodiscard]] pcapng::Bytes header() const;
  // For the guardian: what the output holds now.
  void note_progress();

  // Writes all that the rings hold from before `horizon` (CLOCK_MONOTONIC in ns) and that is
  // certain to be next in time. False when the output takes no more.
  bool drain(std::uint64_t horizon, Patience patience);
  // Goes on in the next file if it is time. False when the capture is over.
  bool turn_page();
  void report();
  // Once a second: has the world changed?
  void look_around();
  void give_rings_to_new_cpus();
  [[nodiscard]] Moment now() const;
  void tell_all(const std::vector<std::string>& news);
  [[nodiscard]] Report state(std::vector<ActionStatistics> statistics) const;
  [[nodiscard]] std::vector<ActionStatistics> statistics() const;

  const Options& options_;
  int stop_fd_;
  Hook hook_;
  std::vector<XdpAction> actions_;  // by interface of the file, and by row of the counters
  Journal journal_;
  CaptureFiles files_;
  CaptureFile& file_;  // the current one
  Control control_;
  Rings rings_;
  std::optional<Fates> fates_;
  Sleeper sleeper_;
  WallClock clock_;
  TimeMerge<RingCursor> merge_;
  std::optional<Attachment> attachment_;
  Reporter reporter_;
  std::uint64_t start_ = 0;  // CLOCK_MONOTONIC in ns
  std::uint64_t next_report_ = 0;
  std::string last_cpu_error_;
};

}  // namespace xdpcap
