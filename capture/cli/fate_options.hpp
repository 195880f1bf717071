// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options about what becomes of packets behind the verdict.
class FateOptions {
 public:
  void declare(CLI::App& app);
  void check(Options& options) const;  // Throws UsageError.

 private:
  std::string fates_;
  bool only_failed_ = false;
};

}  // namespace xdpcap
