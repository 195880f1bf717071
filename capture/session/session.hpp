// SPDX-License-Identifier: BSD-3-Clause
// One capture, from the open hook to the completed file.
#pragma once

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
#include "source/attachment.hpp"
#include "source/hook.hpp"

namespace xdpcap {

// Session is the thread that empties the rings: it waits for nothing but packets and the output.
// All that looks after the hook is done by the attachment's guardian.
class Session {
 public:
  // Opens the hook and the output and makes the rings; neither hook nor file has changed yet.
  // Throws Error.
  Session(const Options& options, Hook hook, const Signals& signals);

  // Captures until stopped. Throws Error.
  void run();

 private:
  void install();
  [[nodiscard]] std::vector<int> descriptors() const;
  [[nodiscard]] ebpf::Program make_recorder(XdpAction action, Flavour flavour, int next_fd) const;
  void capture_to_the_end();
  [[noreturn]] void leave_to_guardian();
  void capture();
  void detach();
  bool write_some();
  void finish();
  void report();
  void answer_requests();
  // Once a second: has the world changed?
  void look_around();
  void give_rings_to_new_cpus();
  void tell_all(const std::vector<std::string>& news);
  [[nodiscard]] Report state(std::vector<ActionStatistics> statistics) const;

  const Options& options_;
  Signals signals_;
  Hook hook_;
  Recording recording_;
  Sleeper sleeper_;
  std::optional<Attachment> attachment_;
  Reporter reporter_;
  bool has_xdp_load_bytes_;
  std::exception_ptr failure_;  // the first, reported at the end
  std::uint64_t start_ = 0;     // CLOCK_MONOTONIC in ns
  std::uint64_t next_report_ = 0;
  std::string last_cpu_error_;
};

}  // namespace xdpcap
