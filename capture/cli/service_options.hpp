// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <string>

#include "cli/cli_names.hpp"
#include "session/options.hpp"

namespace xdpcap {

// The options for captures that run for long, on machines that matter.
class ServiceOptions {
 public:
  void declare(CLI::App& app);
  void check(Options& options) const;  // Throws UsageError.

 private:
  std::string user_;
  bool follow_ = false;
};

}  // namespace xdpcap
