// SPDX-License-Identifier: BSD-3-Clause
// One capture, from its open sources to the completed file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "process/signals.hpp"
#include "session/options.hpp"
#include "session/recording.hpp"
#include "session/reporter.hpp"
#include "session/sleeper.hpp"
#include "source/guarded_sources.hpp"

namespace xdpcap {

// Session is the thread that empties the rings: it waits for nothing but packets and the output.
// All that watches over the sources is done by their guardian.
class Session {
 public:
  // Opens the output and makes the rings; neither sources nor files have changed yet. Throws Error.
  Session(const Options& options, Sources sources, const Signals& signals);

  // Captures until stopped. Throws Error.
  void run();

 private:
  void install();
  [[nodiscard]] std::vector<int> descriptors() const;
  [[nodiscard]] RecorderFactory recorders_of(std::size_t source);
  [[nodiscard]] ebpf::Program make_recorder(const CaptureInterface& interface, Flavour flavour,
                                            int next_fd) const;
  void capture_to_the_end();
  [[noreturn]] void leave_to_guardian();
  void capture();
  void remove_recorders();
  bool write(Timeout timeout);
  bool write_some();
  void finish();
  void report();
  void answer_requests();
  // Once a second: has the world changed?
  void look_around();
  void give_rings_to_new_cpus();
  void tell_all(const std::vector<std::string>& news);
  [[nodiscard]] Report state(std::vector<InterfaceStatistics> statistics) const;

  const Options& options_;
  Signals signals_;
  Recording recording_;
  Sleeper sleeper_;
  Sources sources_;
  std::optional<GuardedSources> guarded_;
  Reporter reporter_;
  bool has_xdp_load_bytes_;
  std::exception_ptr failure_;  // the first, reported at the end
  std::uint64_t start_ = 0;     // CLOCK_MONOTONIC in ns
  std::uint64_t next_report_ = 0;
  std::string last_cpu_error_;
};

}  // namespace xdpcap
