// SPDX-License-Identifier: BSD-3-Clause
// One capture, from its open sources to the completed file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.hpp"
#include "base/xdp_buff.hpp"
#include "process/signals.hpp"
#include "recorder/recorder.hpp"
#include "session/changeable_recorders.hpp"
#include "session/options.hpp"
#include "session/recording.hpp"
#include "session/renderer.hpp"
#include "session/reporter.hpp"
#include "session/sleeper.hpp"
#include "session/toolbar.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Session is the thread that empties the rings: it waits only for packets and for the output. The
// guardian watches the sources.
class Session {
 public:
  // Opens the output and creates the rings, but changes neither sources nor files yet. Throws
  // Error.
  Session(const Options& options, Sources sources, const Signals& signals);

  // To be called before run().
  void show_on(std::unique_ptr<Renderer> renderer) { renderers_.push_back(std::move(renderer)); }
  // Captures until stopped. Throws Error.
  void run();

 private:
  void install();
  [[nodiscard]] std::vector<int> descriptors() const;
  [[nodiscard]] bool guardian_can_finish();
  [[nodiscard]] bool has_able_guardian() { return guardian_can_finish() && guarded_->is_guarded(); }
  void rescue_from_guardian();
  [[nodiscard]] RecorderFactory recorders_of(std::size_t source);
  [[nodiscard]] RecorderSpec spec_of(const CaptureInterface& interface) const;
  [[nodiscard]] Traced traced(TracePoint point);
  // See RecorderFactory.
  [[nodiscard]] std::vector<std::string> note_programs(std::size_t source,
                                                       const std::vector<std::uint32_t>& programs,
                                                       bool before_recorders);
  void capture_and_finish();
  // A second signal, while the disk does not take what is to be written.
  [[noreturn]] static void leave_disk_to_guardian();
  void capture();
  void remove_recorders();
  bool write(Timeout timeout);
  [[nodiscard]] bool is_stuck();
  bool write_some();
  void finish();
  void say_sources() const;
  void summarize(const std::vector<InterfaceStatistics>& statistics, bool reader_gone);
  void report();
  void render(std::vector<std::string> (Renderer::*function)(const Report&), Report report);
  void add_details(Report& report) const;
  void answer_requests();
  void prepare_toolbar();
  // Once a second: looks for changes of CPUs, sources, guardian and files.
  void check_changes();
  void add_rings_for_new_cpus();
  void tell_all(const std::vector<std::string>& news);
  [[nodiscard]] Report state(std::vector<InterfaceStatistics> statistics) const;

  const Options& options_;
  Signals signals_;
  Recording recording_;
  Sleeper sleeper_;
  Sources sources_;
  std::optional<GuardedSources> guarded_;
  Reporter reporter_;
  std::vector<std::unique_ptr<Renderer>> renderers_;
  bool has_xdp_load_bytes_;
  std::exception_ptr failure_;  // the first, reported at the end
  std::uint64_t start_ = 0;     // CLOCK_MONOTONIC in ns
  std::uint64_t next_report_ = 0;
  std::string last_cpu_error_;
  std::size_t rings_of_guardian_ = 0;
  std::uint64_t seed_ = std::uint64_t{std::random_device()()} << 32U | std::random_device()();
  UniqueFd buckets_;  // with --rate only
  // With traced sources only.
  std::optional<XdpBuffLayout> layout_;
  UniqueFd scratch_;
  // With Wireshark's toolbar only.
  std::optional<ChangeableRecorders> changeable_;
  std::optional<Toolbar> toolbar_;
};

}  // namespace xdpcap
