// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>
#include <vector>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options that say when a capture ends and when it goes on in another file: those of tcpdump
// and those of dumpcap.
class LimitOptions {
 public:
  void declare(CLI::App& app);
  void check(Options& options) const;  // Throws UsageError.

 private:
  void check_tcpdump(CaptureLimits& limits) const;
  void check_dumpcap(CaptureLimits& limits) const;
  static void check_stop(const std::string& condition, CaptureLimits& limits);
  static void check_switch(const std::string& condition, CaptureLimits& limits);

  std::string count_;
  std::string size_;
  std::string seconds_;
  std::string files_;
  std::string duration_;
  std::vector<std::string> stops_;
  std::vector<std::string> switches_;
  std::string command_;
};

}  // namespace xdpcap
