// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options that say how to capture.
class CaptureOptions {
 public:
  void declare(CLI::App& app);
  void check(Options& options) const;  // Throws UsageError.

 private:
  std::string actions_;
  std::string buffer_;
  std::string watermark_;
  std::string snaplen_;
  bool note_ingress_ = false;
  bool flush_ = false;
  bool quiet_ = false;
  bool wait_ = false;
  bool replace_ = false;
};

}  // namespace xdpcap
