// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// Which packets are captured, and how. Parsing fills `options`, which must outlive `app`.
class CaptureOptions {
 public:
  void declare(CLI::App& app, Options& options);
  // What depends on several options or on the hook. Throws UsageError.
  void finish(Options& options) const;

 private:
  static void declare_sources(CLI::App& app, SourceOptions& sources);

  void finish_fates(Options& options) const;

  std::string ingress_;
  bool stack_ = false;
  std::string fates_;
  bool only_failed_ = false;
};

}  // namespace xdpcap
